import type { EventDelivery } from "./event-delivery.ts";
import { type Attempt, arraySize, isFinal, type Job } from "./job.ts";
import type { JobTable } from "./job-table.ts";
import { type Outcome, retries } from "./retry.ts";
import type { BatchStore } from "./store.ts";

/** How an attempt ended; `retryable` is false if AWS Batch never retries (timeout, termination). */
export type AttemptResult = Outcome & { succeeded: boolean; retryable: boolean };

/**
 * Moves jobs through their states like AWS Batch; one transaction holds each move and its event. Dependants start after
 * the jobs that they wait for have succeeded, and an array's parent ends with its last child.
 */
export class JobLifecycle {
  private readonly table: JobTable;
  private readonly store: BatchStore;
  private readonly events: EventDelivery;
  /** Jobs by the id of a job that they wait for. */
  private readonly dependants = new Map<string, Set<string>>();
  private readonly runnable: (job: Job) => void;

  constructor(table: JobTable, store: BatchStore, events: EventDelivery, runnable: (job: Job) => void) {
    this.table = table;
    this.store = store;
    this.events = events;
    this.runnable = runnable;
  }

  /** Resumes the jobs of an earlier server that wait for others or for a place to run. */
  resume(): void {
    for (const job of [...this.table.all()]) {
      if (job.status === "RUNNABLE") this.runnable(job);
      else if (job.status === "SUBMITTED" || job.status === "PENDING") this.admit(job);
    }
  }

  private move(job: Job, changes: Partial<Job>): void {
    this.store.transaction(() => {
      this.table.update(job, changes);
      if (changes.status !== undefined) this.events.publish(job, this.table.summaryOf(job.jobId));
    });
    if (isFinal(job.status)) this.afterEnd(job);
  }

  /** Lets a submitted job wait for its dependencies or its children, or makes it runnable. */
  admit(job: Job): void {
    const waitsFor = this.unfinished(job);
    if (waitsFor === "failed") {
      this.fail(job, "Dependent Job failed");
      return;
    }
    for (const id of waitsFor) {
      const waiting = this.dependants.get(id) ?? new Set();
      waiting.add(job.jobId);
      this.dependants.set(id, waiting);
    }
    if (waitsFor.length > 0 || arraySize(job) !== undefined) {
      if (job.status !== "PENDING") this.move(job, { status: "PENDING" });
      if (this.table.childrenEnded(job.jobId)) this.endParent(job);
      return;
    }
    this.move(job, { status: "RUNNABLE" });
    this.runnable(job);
  }

  private unfinished(job: Job): string[] | "failed" {
    const waitsFor: string[] = [];
    // An array's dependencies belong to its children; its parent waits only for them.
    if (arraySize(job) !== undefined) return waitsFor;
    for (const { jobId } of job.dependsOn) {
      const status = jobId === undefined ? undefined : this.table.get(jobId)?.status;
      if (status === "FAILED") return "failed";
      if (jobId !== undefined && status !== undefined && status !== "SUCCEEDED") waitsFor.push(jobId);
    }
    return waitsFor;
  }

  starting(job: Job, live: NonNullable<Job["live"]>): void {
    this.move(job, { status: "STARTING", live });
  }

  running(job: Job, logStreamName: string): void {
    if (job.live === undefined) return;
    const startedAt = Date.now();
    this.move(job, {
      status: "RUNNING",
      startedAt,
      live: { ...job.live, startedAt },
      container: { ...job.container, logStreamName },
    });
  }

  /** Puts back a job whose attempt never began. */
  notStarted(job: Job): void {
    delete job.live;
    this.move(job, { status: "RUNNABLE" });
    this.runnable(job);
  }

  /** Records on the running attempt why it is about to be ended, so that the reason survives a restart in between. */
  ending(job: Job, ending: NonNullable<NonNullable<Job["live"]>["ending"]>): void {
    if (job.live !== undefined) this.move(job, { live: { ...job.live, ending } });
  }

  /** Records an attempt that ended, then retries or ends the job. */
  attemptEnded(job: Job, result: AttemptResult, logStreamName: string, taskArn: string): void {
    const stoppedAt = Date.now();
    const container = {
      ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
      ...(result.reason === undefined ? {} : { reason: result.reason }),
      logStreamName,
      taskArn,
    };
    const startedAt = job.live?.startedAt;
    const attempt: Attempt = {
      container,
      ...(startedAt === undefined ? {} : { startedAt }),
      stoppedAt,
      statusReason: result.statusReason,
    };
    const attempts = [...job.attempts, attempt];
    delete job.live;
    const { exitCode: _exitCode, reason: _reason, ...properties } = job.container;
    const changes = {
      attempts,
      container: { ...properties, ...container },
      statusReason: result.statusReason,
    };
    const again = !result.succeeded && result.retryable && retries(job.retryStrategy, attempts, result);
    if (again) {
      this.move(job, { ...changes, status: "RUNNABLE" });
      this.runnable(job);
    } else {
      this.move(job, { ...changes, status: result.succeeded ? "SUCCEEDED" : "FAILED", stoppedAt });
    }
  }

  /** Ends a job that doesn't run. */
  fail(job: Job, statusReason: string): void {
    this.move(job, { status: "FAILED", statusReason, stoppedAt: Date.now() });
  }

  /** Records that someone requested a job's end, and why. */
  endRequested(job: Job, flag: "isCancelled" | "isTerminated", statusReason: string): void {
    this.move(job, { [flag]: true, ...(arraySize(job) === undefined ? {} : { statusReason }) });
  }

  private afterEnd(job: Job): void {
    const waiting = this.dependants.get(job.jobId) ?? [];
    this.dependants.delete(job.jobId);
    for (const id of waiting) {
      const dependant = this.table.get(id);
      if (dependant !== undefined && !isFinal(dependant.status)) this.admit(dependant);
    }
    const parent = job.parent === undefined ? undefined : this.table.get(job.parent);
    if (parent !== undefined && !isFinal(parent.status) && this.table.childrenEnded(parent.jobId)) {
      this.endParent(parent);
    }
  }

  private endParent(parent: Job): void {
    const failed = this.table.summaryOf(parent.jobId)?.FAILED ?? 0;
    const started = this.table
      .childrenOf(parent.jobId)
      .flatMap((child) => (child.startedAt === undefined ? [] : [child.startedAt]));
    this.move(parent, {
      status: failed === 0 ? "SUCCEEDED" : "FAILED",
      ...(failed === 0 ? {} : { statusReason: parent.statusReason ?? "Array Child Job failed" }),
      ...(started.length === 0 ? {} : { startedAt: started.reduce((a, b) => Math.min(a, b)) }),
      stoppedAt: Date.now(),
    });
  }
}
