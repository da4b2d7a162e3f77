import { readFileSync } from "node:fs";
import type { z } from "zod";
import { logFile } from "./attempt-process.ts";
import { Attempts } from "./attempts.ts";
import { attemptDirectory, type BatchConfiguration } from "./configuration.ts";
import { ClientError } from "./errors.ts";
import { EventDelivery } from "./event-delivery.ts";
import { arraySize, isFinal, type Job } from "./job.ts";
import { JobTable } from "./job-table.ts";
import { JobLifecycle } from "./lifecycle.ts";
import { Misbehaviour } from "./misbehaviour.ts";
import { provision } from "./provision.ts";
import type * as requests from "./requests.ts";
import { BatchResources } from "./resources.ts";
import { Scheduler } from "./scheduler.ts";
import { BatchStore } from "./store.ts";
import { jobsOf } from "./submission.ts";

const EVENTS_PATH = "/_local/events";

/** The local Batch service, which combines all parts. Its state lives in the configured folder. */
export class BatchService {
  readonly table: JobTable;
  readonly resources: BatchResources;
  readonly misbehaviour: Misbehaviour;
  readonly events: EventDelivery;
  private readonly config: BatchConfiguration;
  private readonly store: BatchStore;
  private readonly lifecycle: JobLifecycle;
  private readonly scheduler: Scheduler;
  private readonly attempts: Attempts;

  constructor(config: BatchConfiguration) {
    this.config = config;
    this.store = new BatchStore(config.state);
    this.table = new JobTable(this.store);
    this.resources = new BatchResources(this.store);
    this.misbehaviour = new Misbehaviour(this.store.setting("misbehaviour"), (rules) =>
      this.store.saveSetting("misbehaviour", rules),
    );
    this.events = new EventDelivery(this.store, this.misbehaviour, new URL(EVENTS_PATH, config.aws).href);
    this.lifecycle = new JobLifecycle(this.table, this.store, this.events, (job) => this.runnable(job));
    this.scheduler = new Scheduler(this.resources, (job) => this.attempts.start(job));
    this.attempts = new Attempts(config, this.lifecycle, this.misbehaviour, (job) =>
      this.scheduler.free(job),
    );
  }

  /** Resumes the jobs of an earlier server: adopts what is still running, and lets the rest go on. */
  resume(): void {
    const live = [...this.table.all()].filter((job) => job.status === "STARTING" || job.status === "RUNNING");
    for (const job of live) this.scheduler.occupy(job);
    for (const job of live) this.attempts.adopt(job);
    this.lifecycle.resume();
  }

  /** Creates what the stage `local` is missing, for the job families that exist now. */
  provision(): void {
    provision(this.resources, this.config);
  }

  private runnable(job: Job): void {
    if (
      this.misbehaviour.strikes("stuck-runnable", { jobName: job.jobName, attempt: job.attempts.length + 1 })
    ) {
      this.table.update(job, { stuck: true });
    }
    this.scheduler.enqueue(job);
  }

  /** Removes all misbehaviour rules. Jobs that they keep in RUNNABLE go on. */
  behave(): void {
    this.misbehaviour.clear();
    for (const job of this.table.all()) if (job.stuck === true) this.table.update(job, { stuck: false });
    this.scheduler.wake();
  }

  /** Accepts a job, or an array of jobs. */
  submit(request: z.output<typeof requests.submitJob>): Job {
    const jobs = jobsOf(request, this.resources, this.table);
    this.store.transaction(() => {
      this.table.add(jobs);
      for (const job of jobs) this.lifecycle.admit(job);
    });
    return jobs[0];
  }

  /** A job by id, or undefined: DescribeJobs leaves out unknown ids. */
  job(jobIdOrArn: string): Job | undefined {
    return this.table.get(jobIdOrArn.slice(jobIdOrArn.lastIndexOf("/") + 1));
  }

  private jobToEnd(jobId: string): Job {
    const job = this.job(jobId);
    if (job === undefined) throw new ClientError(`Job ${jobId} does not exist`);
    return job;
  }

  /**
   * CancelJob: ends a job that hasn't started. A job that has started is left alone, with the same answer, as on AWS.
   */
  cancel(jobId: string, reason: string): void {
    this.endWith(this.jobToEnd(jobId), "isCancelled", reason, false);
  }

  /** TerminateJob: ends a job in any state. */
  terminate(jobId: string, reason: string): void {
    this.endWith(this.jobToEnd(jobId), "isTerminated", reason, true);
  }

  private endWith(
    job: Job,
    flag: "isCancelled" | "isTerminated",
    reason: string,
    alsoRunning: boolean,
  ): void {
    if (isFinal(job.status)) return;
    const started = job.status === "STARTING" || job.status === "RUNNING";
    if (started && !alsoRunning) return;
    this.lifecycle.endRequested(job, flag, reason);
    if (arraySize(job) !== undefined) {
      for (const child of [...this.table.childrenOf(job.jobId)])
        this.endWith(child, flag, reason, alsoRunning);
    } else if (started) {
      this.attempts.terminate(job, reason);
    } else {
      this.lifecycle.fail(job, reason);
    }
  }

  /** The output of an attempt so far, by the task id at the end of its log stream's name. Undefined if unknown. */
  log(logStreamName: string): string | undefined {
    const taskId = logStreamName.slice(logStreamName.lastIndexOf("/") + 1);
    if (!/^[0-9a-f]{32}$/.test(taskId)) return undefined;
    try {
      return readFileSync(logFile(attemptDirectory(this.config.state, taskId)), "utf8");
    } catch {
      return undefined;
    }
  }

  /** Ends the running attempts as if their machines went away, and closes the state. */
  async close(graceMs: number): Promise<void> {
    this.scheduler.close();
    await this.attempts.close([...this.table.all()], graceMs);
    this.events.close();
    this.store.close();
  }
}
