import type {
  BatchService,
  JobDetail,
  JobState,
  JobSubmission,
  JobTryDetail,
} from "../../ports/batch-service.ts";
import type { Clock } from "../../ports/clock.ts";

/** How a job's process ended. */
export type JobExit = Pick<JobDetail, "exitCode" | "statusReason" | "containerReason" | "tries">;

/** A job, or an array job's child, within the process. */
type Job = JobDetail & {
  readonly queue: string;
  /** How often Batch may try it. */
  readonly maxTries: number;
};

const isOver = (state: JobState) => state === "SUCCEEDED" || state === "FAILED";

/**
 * AWS Batch within the process. Nothing runs by itself: a driver asks for the waiting jobs, reports how each ended, and
 * takes the resulting events.
 */
export class MemoryBatchService implements BatchService {
  private readonly clock: Clock;
  private readonly jobs = new Map<string, Job>();
  /** Ids of the jobs that have not ended and are not array jobs, in the order of submission. */
  private readonly open = new Set<string>();
  /** For each array job, how many children have not ended, and whether one has failed. */
  private readonly arrays = new Map<string, { open: number; failed: boolean }>();
  private events: JobDetail[] = [];
  private submissions = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async submit(submission: JobSubmission): Promise<string> {
    this.submissions += 1;
    const { name, family, environment, resources, arraySize, tries = 1 } = submission;
    const base: Job = {
      id: `job-${this.submissions}`,
      name,
      state: "SUBMITTED",
      environment,
      image: `${family}:in-memory`,
      queue: resources.queue,
      maxTries: tries,
      ...(arraySize !== undefined && { arraySize }),
    };
    this.jobs.set(base.id, base);
    if (arraySize === undefined) this.open.add(base.id);
    else this.arrays.set(base.id, { open: arraySize, failed: false });
    const { arraySize: _parent, ...child } = base;
    for (let place = 0; place < (arraySize ?? 0); place += 1) {
      const id = `${base.id}:${place}`;
      this.jobs.set(id, { ...child, id, arrayIndex: place });
      this.open.add(id);
    }
    return base.id;
  }

  async complete(): Promise<void> {}

  async findByName(name: string, queue: string): Promise<string[]> {
    const all = [...this.jobs.values()];
    return all
      .filter((job) => job.name === name && job.queue === queue && job.arrayIndex === undefined)
      .map(({ id }) => id);
  }

  async describe(ids: readonly string[]): Promise<JobDetail[]> {
    return ids.flatMap((id) => {
      const job = this.jobs.get(id);
      return job === undefined ? [] : [{ ...job }];
    });
  }

  async isServing(queue: string): Promise<boolean> {
    return this.waiting().some(
      (job) => job.queue === queue && (job.state === "STARTING" || job.state === "RUNNING"),
    );
  }

  async terminate(id: string, reason: string): Promise<void> {
    const { arraySize = 0 } = this.jobs.get(id) ?? {};
    const children = Array.from({ length: arraySize }, (_, place) => `${id}:${place}`);
    for (const job of [id, ...children]) this.finish(job, { statusReason: reason });
  }

  /** Jobs that have not ended and are not array jobs: what a machine would run. Returns the first `limit` of them. */
  waiting(limit = Number.POSITIVE_INFINITY): Job[] {
    const found: Job[] = [];
    for (const id of this.open) {
      if (found.length >= limit) break;
      const job = this.jobs.get(id);
      if (job !== undefined) found.push(job);
    }
    return found;
  }

  /** Names of all jobs ever submitted, in order. */
  submitted(): string[] {
    return [...this.jobs.values()].filter((job) => job.arrayIndex === undefined).map(({ name }) => name);
  }

  /** Records that a job waits for a machine. */
  wait(id: string): void {
    this.change(id, { state: "RUNNABLE" });
  }

  /** Records that a job's process began. @param logStream where it writes its log, if somewhere */
  begin(id: string, logStream?: string): void {
    const log = logStream === undefined ? {} : { logStream };
    this.change(id, { state: "RUNNING", startedAt: this.clock.now(), ...log });
  }

  /** Records how a job's process ended; a job that has already ended stays as it is. */
  finish(id: string, exit: JobExit): void {
    const state = exit.exitCode === 0 ? "SUCCEEDED" : "FAILED";
    if (!this.change(id, { ...exit, state, stoppedAt: this.clock.now() })) return;
    this.open.delete(id);
    const [parent = id] = id.split(":");
    const array = this.arrays.get(parent);
    if (array === undefined || parent === id) return;
    array.open -= 1;
    array.failed ||= state === "FAILED";
    if (array.open > 0) return;
    this.change(parent, { state: array.failed ? "FAILED" : "SUCCEEDED", stoppedAt: this.clock.now() });
  }

  /**
   * Makes Batch itself retry a job that lost its machine. @returns false if no tries are left: the job has then failed
   */
  tryAgain(id: string, lost: JobTryDetail): boolean {
    const { tries = [], startedAt, maxTries = 1 } = this.jobs.get(id) ?? {};
    const ended = { ...lost, ...(startedAt !== undefined && { startedAt }), stoppedAt: this.clock.now() };
    const allTries = [...tries, ended];
    if (allTries.length < maxTries) return this.change(id, { state: "RUNNABLE", tries: allTries });
    this.finish(id, { ...lost, tries: allTries });
    return false;
  }

  /** Makes Batch forget a job, or an array job with its children, as it does for jobs that ended long ago. */
  forget(id: string): void {
    for (const job of [...this.jobs.keys()]) {
      if (job !== id && !job.startsWith(`${id}:`)) continue;
      this.jobs.delete(job);
      this.open.delete(job);
    }
  }

  /** Returns and removes the events since the last call. */
  takeEvents(): JobDetail[] {
    const taken = this.events;
    this.events = [];
    return taken;
  }

  /** Whether the job could be changed: a job that has ended stays as it is. */
  private change(id: string, change: Partial<JobDetail>): boolean {
    const job = this.jobs.get(id);
    if (job === undefined || isOver(job.state)) return false;
    const next: Job = { ...job, ...change };
    this.jobs.set(id, next);
    this.events.push({ ...next });
    return true;
  }
}
