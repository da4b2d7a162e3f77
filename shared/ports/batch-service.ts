import type { AttemptResources } from "../state/attempt-resources.ts";

/** A Batch job's state as AWS names it. */
export type JobState = "SUBMITTED" | "PENDING" | "RUNNABLE" | "STARTING" | "RUNNING" | "SUCCEEDED" | "FAILED";

/** A job to be submitted. */
export type JobSubmission = {
  /** Deterministic, so that it can be found again. */
  name: string;
  /** Folder under `batch-jobs/`: names the job definition. */
  family: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  resources: AttemptResources;
  /** Seconds that a try may take. */
  timeout: number;
  /** How often Batch itself may try it, when that is not the job's fault; as the job definition says when left out. */
  tries?: number;
  /** Children of an array job, 2 to 10,000; absent for a single job. */
  arraySize?: number;
};

/** What Batch says of one of its own tries of a job. Times in epoch milliseconds. */
export type JobTryDetail = {
  statusReason?: string;
  /** Of the container. */
  reason?: string;
  logStream?: string;
  startedAt?: number;
  stoppedAt?: number;
};

/** What Batch says of a job. Times in epoch milliseconds. */
export type JobDetail = {
  id: string;
  name: string;
  state: JobState;
  /** Why the job, its last attempt's container, or its host ended, as Batch words it. */
  statusReason?: string;
  containerReason?: string;
  exitCode?: number;
  /** Of the last try, or of the one that runs. */
  logStream?: string;
  logGroup?: string;
  /** Address of the image that it runs in. */
  image?: string;
  /** The tries that have ended, in order. */
  tries?: readonly JobTryDetail[];
  startedAt?: number;
  stoppedAt?: number;
  /** Of the container: what the engine set at submission. */
  environment: Readonly<Record<string, string>>;
  /** The child's place, for a child of an array job. */
  arrayIndex?: number;
  /** For an array job itself. */
  arraySize?: number;
};

/** Whether a job has ended. */
export function isOver({ state }: Pick<JobDetail, "state">): boolean {
  return state === "SUCCEEDED" || state === "FAILED";
}

/** Batch refuses a job for good: what was asked can never work, such as an unknown job definition. */
export class JobRejectedError extends Error {
  override readonly name = "JobRejectedError";
}

/** AWS Batch, as far as the engine needs it. */
export type BatchService = {
  /**
   * Submits a job and returns its id. Not idempotent: look for the name first when an earlier try may have worked.
   *
   * @throws JobRejectedError when trying again cannot help; anything else may have worked or may work later
   */
  submit(job: JobSubmission): Promise<string>;
  /** Ids of all jobs of exactly this name, in any state that Batch still knows. */
  findByName(name: string, queue: string): Promise<string[]>;
  /** Details of jobs, at most 100 a call to Batch; ids that Batch does not know are left out. */
  describe(ids: readonly string[]): Promise<JobDetail[]>;
  /** Whether any job of a queue has a machine now, or is given one. */
  isServing(queue: string): Promise<boolean>;
  /** Ends a job in any state; one that has ended already, or is unknown, is no error. */
  terminate(id: string, reason: string): Promise<void>;
};
