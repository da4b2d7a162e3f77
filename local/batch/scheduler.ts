import { isFinal, type Job, vcpusOf } from "./job.ts";
import type { BatchResources } from "./resources.ts";

/**
 * Decides which runnable job starts next: queues by priority, first in, first out within a queue, while the compute
 * environment under the queue has vCPUs left. A job that requests more vCPUs than exist runs alone,
 * because this machine stands in for larger ones.
 */
export class Scheduler {
  private readonly resources: BatchResources;
  private readonly start: (job: Job) => void;
  private readonly waiting = new Map<string, Job[]>();
  private readonly used = new Map<string, number>();
  private readonly held = new Map<string, { environment: string; vcpus: number }>();
  private pumping = false;
  private closed = false;

  constructor(resources: BatchResources, start: (job: Job) => void) {
    this.resources = resources;
    this.start = start;
  }

  /** Puts a runnable job at the end of its queue. */
  enqueue(job: Job): void {
    const queue = this.waiting.get(job.jobQueue) ?? [];
    queue.push(job);
    this.waiting.set(job.jobQueue, queue);
    this.wake();
  }

  /** Counts a job that is already running because an earlier server started it. */
  occupy(job: Job): void {
    const place = this.resources.schedulingOrder().find((entry) => entry.queue.jobQueueArn === job.jobQueue);
    if (place !== undefined)
      this.take(job, place.environment.computeEnvironmentArn, place.environment.maxvCpus);
  }

  /** Frees the vCPUs of a job. */
  free(job: Job): void {
    const place = this.held.get(job.jobId);
    if (place !== undefined) {
      this.held.delete(job.jobId);
      this.used.set(place.environment, (this.used.get(place.environment) ?? 0) - place.vcpus);
    }
    this.wake();
  }

  /** Starts no more jobs. */
  close(): void {
    this.closed = true;
  }

  private take(job: Job, environment: string, limit: number): void {
    const used = this.used.get(environment) ?? 0;
    const vcpus = Math.min(vcpusOf(job), limit);
    this.used.set(environment, used + vcpus);
    this.held.set(job.jobId, { environment, vcpus });
  }

  /** Starts the jobs that can start now, after the caller is done. */
  wake(): void {
    if (this.pumping) return;
    this.pumping = true;
    // Not at once: the caller may be in a transaction, and a process must not start before its job is stored.
    queueMicrotask(() => {
      this.pumping = false;
      while (!this.closed && this.startOne()) {
        // Repeats until nothing fits.
      }
    });
  }

  private startOne(): boolean {
    const full = new Set<string>();
    for (const { queue, environment } of this.resources.schedulingOrder()) {
      const arn = environment.computeEnvironmentArn;
      if (full.has(arn)) continue;
      const waiting = this.waiting.get(queue.jobQueueArn) ?? [];
      const next = waiting.findIndex((job) => isFinal(job.status) || job.stuck !== true);
      const job = waiting[next];
      if (job === undefined) continue;
      if (job.status !== "RUNNABLE") {
        waiting.splice(next, 1);
        return true;
      }
      const free = environment.maxvCpus - (this.used.get(arn) ?? 0);
      if (Math.min(vcpusOf(job), environment.maxvCpus) > free) {
        // The head of a queue keeps its place: smaller jobs behind it must not starve it.
        full.add(arn);
        continue;
      }
      waiting.splice(next, 1);
      this.take(job, arn, environment.maxvCpus);
      this.start(job);
      return true;
    }
    return false;
  }
}
