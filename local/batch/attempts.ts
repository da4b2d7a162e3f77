import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { definitionName, taskArn } from "./arn.ts";
import {
  adoptProcess,
  endProcess,
  killProcess,
  logFile,
  type ProcessEnd,
  startProcess,
} from "./attempt-process.ts";
import { attemptDirectory, type BatchConfiguration, temporaryDirectory } from "./configuration.ts";
import type { Ending, Job } from "./job.ts";
import { jobEnvironment } from "./job-environment.ts";
import type { AttemptResult, JobLifecycle } from "./lifecycle.ts";
import type { Misbehaviour, MisbehaviourRule } from "./misbehaviour.ts";

/** How soon an attempt is interrupted after it has printed the text that its misfortune waits for. */
const LOG_POLL_MS = 10;
const EXITED = "Essential container in task exited";

/** Name of the log stream of an attempt, as AWS Batch names it. */
export function logStreamName(job: Job, taskId: string): string {
  return `${definitionName(job.jobDefinition)}/default/${taskId}`;
}

function instanceId(): string {
  return `i-0${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

function hostTerminated(instance: string): AttemptResult {
  return { succeeded: false, retryable: true, statusReason: `Host EC2 (instance ${instance}) terminated.` };
}

/** What AWS Batch reports about an attempt whose process ended in this way. */
export function resultOf(end: Exclude<ProcessEnd, "unstarted">, ending: Ending | undefined): AttemptResult {
  const exitCode = end === "lost" ? {} : end;
  switch (ending?.kind) {
    case "spot":
      return hostTerminated(ending.instance);
    case "terminated":
      return { succeeded: false, retryable: false, statusReason: ending.reason, ...exitCode };
    case "timeout":
      return {
        succeeded: false,
        retryable: false,
        statusReason: "Job attempt duration exceeded timeout",
        ...exitCode,
      };
    case "out-of-memory":
      return {
        succeeded: false,
        retryable: true,
        statusReason: EXITED,
        reason: "OutOfMemoryError: Container killed due to memory usage",
        exitCode: 137,
      };
    default:
      if (end === "lost") return hostTerminated(instanceId());
      return { succeeded: end.exitCode === 0, retryable: true, statusReason: EXITED, exitCode: end.exitCode };
  }
}

/** Runs the attempts of jobs: starts and ends their processes, watches their time, and informs the lifecycle. */
export class Attempts {
  private readonly config: BatchConfiguration;
  private readonly lifecycle: JobLifecycle;
  private readonly misbehaviour: Misbehaviour;
  /** Timers of each job's live attempt: its timeout and its misfortune. */
  private readonly timers = new Map<string, NodeJS.Timeout[]>();
  private readonly closing = new AbortController();
  /** Called after an attempt has ended and its place is free. */
  private readonly freed: (job: Job) => void;

  constructor(
    config: BatchConfiguration,
    lifecycle: JobLifecycle,
    misbehaviour: Misbehaviour,
    freed: (job: Job) => void,
  ) {
    this.config = config;
    this.lifecycle = lifecycle;
    this.misbehaviour = misbehaviour;
    this.freed = freed;
  }

  /** Starts the next attempt of a runnable job. */
  start(job: Job): void {
    const number = job.attempts.length + 1;
    const taskId = randomUUID().replaceAll("-", "");
    const directory = attemptDirectory(this.config.state, taskId);
    const occasion = { jobName: job.jobName, attempt: number };
    this.lifecycle.starting(job, { directory, taskId });
    if (this.misbehaviour.strikes("pull-failure", occasion) !== undefined) {
      const reason = `CannotPullContainerError: pull image manifest has been retried 5 time(s): ${job.container.image}`;
      this.end(job, { succeeded: false, retryable: true, statusReason: "Task failed to start", reason });
      return;
    }
    const temporary = temporaryDirectory(this.config.state, taskId);
    try {
      mkdirSync(temporary, { recursive: true });
      startProcess(
        {
          directory,
          command: job.container.command,
          environment: jobEnvironment(job, number, this.config, temporary),
          workingDirectory: this.config.jobs,
        },
        (end) => this.processEnded(job, taskId, end),
      );
    } catch (error) {
      const reason = `CannotStartContainerError: ${error instanceof Error ? error.message : String(error)}`;
      this.end(job, { succeeded: false, retryable: true, statusReason: "Task failed to start", reason });
      return;
    }
    this.lifecycle.running(job, logStreamName(job, taskId));
    this.watchTime(job);
    const spot = this.misbehaviour.strikes("spot-interruption", occasion);
    if (spot !== undefined) this.strikeLater(job, directory, spot, { kind: "spot", instance: instanceId() });
    const memory = this.misbehaviour.strikes("out-of-memory", occasion);
    if (memory !== undefined) this.strikeLater(job, directory, memory, { kind: "out-of-memory" });
  }

  /** Takes over an attempt that an earlier server started. */
  adopt(job: Job): void {
    const { live } = job;
    if (live === undefined) {
      this.end(job, hostTerminated(instanceId()));
      return;
    }
    this.watchTime(job);
    const started = () => {
      if (job.status === "STARTING") this.lifecycle.running(job, logStreamName(job, live.taskId));
    };
    adoptProcess(live.directory, this.closing.signal, started).then(
      (end) => this.processEnded(job, live.taskId, end),
      () => undefined, // Closing: the next server adopts it.
    );
    if (live.ending !== undefined) void endProcess(live.directory, this.config.grace);
  }

  /** Ends a running attempt for good, with the reason that its job then shows. */
  terminate(job: Job, reason: string): void {
    this.stop(job, { kind: "terminated", reason });
  }

  /**
   * Ends all attempts, as if the machines under them went away: Batch's own retries apply. Returns when no process is
   * left.
   */
  async close(jobs: Job[], graceMs: number): Promise<void> {
    const running = jobs.filter((job) => job.live !== undefined);
    for (const job of running) {
      if (job.live?.ending === undefined)
        this.lifecycle.ending(job, { kind: "spot", instance: instanceId() });
    }
    await Promise.all(
      running.map((job) => (job.live === undefined ? undefined : endProcess(job.live.directory, graceMs))),
    );
    this.closing.abort();
    for (const job of running) this.clearTimers(job);
  }

  private stop(job: Job, ending: Ending): void {
    const { live } = job;
    if (live === undefined || live.ending !== undefined) return;
    this.lifecycle.ending(job, ending);
    void endProcess(live.directory, this.config.grace);
  }

  private crash(job: Job, ending: Ending): void {
    const { live } = job;
    if (live === undefined || live.ending !== undefined) return;
    this.lifecycle.ending(job, ending);
    killProcess(live.directory);
  }

  private strikeLater(job: Job, directory: string, rule: MisbehaviourRule, ending: Ending): void {
    const { whenLogged, delayMs } = rule;
    const strike = () => this.later(job, delayMs, () => this.crash(job, ending));
    if (whenLogged === undefined) {
      strike();
      return;
    }
    const look = setInterval(() => {
      if (!readFileSync(logFile(directory), "utf8").includes(whenLogged)) return;
      clearInterval(look);
      strike();
    }, LOG_POLL_MS);
    this.keep(job, look);
  }

  private watchTime(job: Job): void {
    if (job.timeout === undefined) return;
    const end = (job.live?.startedAt ?? Date.now()) + job.timeout.attemptDurationSeconds * 1000;
    this.later(job, Math.max(end - Date.now(), 0), () => this.stop(job, { kind: "timeout" }));
  }

  private later(job: Job, ms: number, action: () => void): void {
    // Longer than a timer supports: this can't happen within the server's life.
    if (ms > 2 ** 31 - 1) return;
    this.keep(job, setTimeout(action, ms));
  }

  private keep(job: Job, timer: NodeJS.Timeout): void {
    this.timers.set(job.jobId, [...(this.timers.get(job.jobId) ?? []), timer.unref()]);
  }

  private clearTimers(job: Job): void {
    for (const timer of this.timers.get(job.jobId) ?? []) clearTimeout(timer);
    this.timers.delete(job.jobId);
  }

  private processEnded(job: Job, taskId: string, end: ProcessEnd): void {
    rmSync(temporaryDirectory(this.config.state, taskId), { recursive: true, force: true });
    if (job.live?.taskId !== taskId || this.closing.signal.aborted) return;
    if (end !== "unstarted") this.end(job, resultOf(end, job.live.ending));
    else if (job.live.ending === undefined) this.startAgain(job);
    else this.end(job, resultOf("lost", job.live.ending));
  }

  /** Hands back a job whose process never began. That doesn't count as an attempt. */
  private startAgain(job: Job): void {
    this.clearTimers(job);
    this.lifecycle.notStarted(job);
    this.freed(job);
  }

  private end(job: Job, result: AttemptResult): void {
    this.clearTimers(job);
    const taskId = job.live?.taskId ?? "unknown";
    this.lifecycle.attemptEnded(job, result, logStreamName(job, taskId), taskArn(taskId));
    this.freed(job);
  }
}
