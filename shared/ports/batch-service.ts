import { errorOf } from "../pipeline/millrace-error.ts";
import type { AttemptResources } from "../state/attempt-resources.ts";

/** A Batch job's state as AWS names it. */
export type JobState = "SUBMITTED" | "PENDING" | "RUNNABLE" | "STARTING" | "RUNNING" | "SUCCEEDED" | "FAILED";

/** A job to be submitted. */
export type JobSubmission = {
  /** Deterministic, so that the job can be found again. */
  name: string;
  /** Folder under `batch-jobs/`, which names the job definition. */
  family: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  resources: AttemptResources;
  /** Seconds that a try may take. */
  timeout: number;
  /**
   * How often Batch itself may try the job if failures aren't the job's fault; the job definition's value if absent.
   */
  tries?: number;
  /** Children of an array job, 2 to 10,000; absent for a single job. */
  arraySize?: number;
};

/** What Batch reports about one of its own tries of a job. Times in epoch milliseconds. */
export type JobTryDetail = {
  statusReason?: string;
  /** The container's reason. */
  reason?: string;
  logStream?: string;
  startedAt?: number;
  stoppedAt?: number;
};

/** What Batch reports about a job. Times in epoch milliseconds. */
export type JobDetail = {
  id: string;
  name: string;
  state: JobState;
  /** Why the job, its last attempt's container, or its host ended, in Batch's words. */
  statusReason?: string;
  containerReason?: string;
  exitCode?: number;
  /** The log stream of the last try, or of the current one. */
  logStream?: string;
  logGroup?: string;
  /** Address of the image that it runs in. */
  image?: string;
  /** The tries that have ended, in order. */
  tries?: readonly JobTryDetail[];
  startedAt?: number;
  stoppedAt?: number;
  /** The container's environment, as the engine set it at submission. */
  environment: Readonly<Record<string, string>>;
  /** The child's index, for a child of an array job. */
  arrayIndex?: number;
  /** The number of children, for an array job itself. */
  arraySize?: number;
};

/** Whether a job has ended. */
export function isOver({ state }: Pick<JobDetail, "state">): boolean {
  return state === "SUCCEEDED" || state === "FAILED";
}

/** Batch refuses a job for good: the request can never work, for example because of an unknown job definition. */
export class JobRejectedError extends errorOf("JOB_REJECTED") {}

/** AWS Batch, as far as the engine needs it. */
export type BatchService = {
  /**
   * Submits a job and returns its id. Not idempotent: look for the name first if an earlier try may have worked.
   *
   * @throws JobRejectedError if trying again cannot help; after any other error the job may exist, or a later try may
   * work
   */
  submit(job: JobSubmission): Promise<string>;
  /**
   * Does what an interrupted {@link submit} of a job left undone. AWS Batch takes a job with all its children in one call,
   * so that there is nothing left to do.
   */
  complete(id: string): Promise<void>;
  /** Ids of all jobs with exactly this name, in any state that Batch still knows. */
  findByName(name: string, queue: string): Promise<string[]>;
  /** Details of jobs, at most 100 per call to Batch. Ids that Batch doesn't know are left out. */
  describe(ids: readonly string[]): Promise<JobDetail[]>;
  /** Whether any job of a queue has a machine now, or is getting one. */
  isServing(queue: string): Promise<boolean>;
  /** Ends a job in any state. It is not an error if the job has already ended or is unknown. */
  terminate(id: string, reason: string): Promise<void>;
};
