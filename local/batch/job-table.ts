import { arraySize, isFinal, JOB_STATUSES, type Job, type JobStatus } from "./job.ts";
import type { StatusSummary } from "./present.ts";
import type { BatchStore } from "./store.ts";

const RETENTION_MS = 7 * 24 * 3600 * 1000;

function emptySummary(): StatusSummary {
  return Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as StatusSummary;
}

/** All jobs, in memory for reading and in the store for durability. The only place that changes a job's status. */
export class JobTable {
  private readonly byId = new Map<string, Job>();
  private readonly children = new Map<string, Job[]>();
  private readonly summaries = new Map<string, StatusSummary>();
  private readonly store: BatchStore;

  constructor(store: BatchStore) {
    this.store = store;
    const jobs = store.jobs();
    const old = jobs.filter((job) => (job.stoppedAt ?? Number.POSITIVE_INFINITY) < Date.now() - RETENTION_MS);
    store.transaction(() => {
      for (const job of old) store.deleteJob(job.jobId);
    });
    const gone = new Set(old.map((job) => job.jobId));
    for (const job of jobs) if (!gone.has(job.jobId)) this.index(job);
  }

  private index(job: Job): void {
    this.byId.set(job.jobId, job);
    if (arraySize(job) !== undefined) {
      if (!this.summaries.has(job.jobId)) this.summaries.set(job.jobId, emptySummary());
    }
    if (job.parent !== undefined) {
      const siblings = this.children.get(job.parent) ?? [];
      siblings.push(job);
      this.children.set(job.parent, siblings);
      this.count(job.parent, job.status, 1);
    }
  }

  private count(parent: string, status: JobStatus, by: number): void {
    const summary = this.summaries.get(parent) ?? emptySummary();
    summary[status] += by;
    this.summaries.set(parent, summary);
  }

  /** Adds new jobs, all or none. */
  add(jobs: Job[]): void {
    this.store.transaction(() => {
      for (const job of jobs) this.store.saveJob(job);
    });
    for (const job of jobs) this.index(job);
  }

  get(jobId: string): Job | undefined {
    return this.byId.get(jobId);
  }

  /** Every job, oldest first. */
  all(): Iterable<Job> {
    return this.byId.values();
  }

  /** An array's children by index; empty for any other job. */
  childrenOf(jobId: string): readonly Job[] {
    return this.children.get(jobId) ?? [];
  }

  /** Counts of an array's children by status, undefined for any other job. */
  summaryOf(jobId: string): StatusSummary | undefined {
    return this.summaries.get(jobId);
  }

  /** Whether every child of the array has ended. */
  childrenEnded(jobId: string): boolean {
    const summary = this.summaries.get(jobId);
    return summary !== undefined && JOB_STATUSES.every((status) => isFinal(status) || summary[status] === 0);
  }

  /** Changes a job and stores it. */
  update(job: Job, changes: Partial<Job>): void {
    if (changes.status !== undefined && job.parent !== undefined && changes.status !== job.status) {
      this.count(job.parent, job.status, -1);
      this.count(job.parent, changes.status, 1);
    }
    Object.assign(job, changes);
    this.store.saveJob(job);
  }
}
