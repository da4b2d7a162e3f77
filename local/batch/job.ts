/** The local Batch server's queues, definitions and jobs. They use AWS's field names, so that answers are copies. */

export const JOB_STATUSES = [
  "SUBMITTED",
  "PENDING",
  "RUNNABLE",
  "STARTING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
] as const;

/** A state of AWS Batch. */
export type JobStatus = (typeof JOB_STATUSES)[number];

export type NameValue = { name: string; value: string };
export type ResourceRequirement = { type: "VCPU" | "MEMORY" | "GPU"; value: string };
export type EvaluateOnExit = {
  action: "RETRY" | "EXIT";
  onStatusReason?: string;
  onReason?: string;
  onExitCode?: string;
};
export type RetryStrategy = { attempts: number; evaluateOnExit: EvaluateOnExit[] };

export type ContainerProperties = {
  image: string;
  command: string[];
  environment: NameValue[];
  resourceRequirements: ResourceRequirement[];
  jobRoleArn?: string;
  executionRoleArn?: string;
};

export type JobDefinition = {
  jobDefinitionName: string;
  jobDefinitionArn: string;
  revision: number;
  status: "ACTIVE" | "INACTIVE";
  type: "container";
  parameters: Record<string, string>;
  retryStrategy?: RetryStrategy;
  timeout?: { attemptDurationSeconds: number };
  containerProperties: ContainerProperties;
  tags: Record<string, string>;
};

export type ComputeEnvironment = {
  computeEnvironmentName: string;
  computeEnvironmentArn: string;
  type: string;
  state: "ENABLED" | "DISABLED";
  maxvCpus: number;
  computeResourceType: string;
};

export type JobQueue = {
  jobQueueName: string;
  jobQueueArn: string;
  state: "ENABLED" | "DISABLED";
  priority: number;
  computeEnvironmentOrder: { order: number; computeEnvironment: string }[];
  tags: Record<string, string>;
};

export type Attempt = {
  container: { exitCode?: number; reason?: string; logStreamName?: string; taskArn?: string };
  startedAt?: number;
  stoppedAt?: number;
  statusReason?: string;
};

/** Why a running attempt is being ended from outside. It decides the reason and whether Batch's own retry applies. */
export type Ending =
  | { kind: "terminated"; reason: string }
  | { kind: "timeout" }
  | { kind: "spot"; instance: string }
  | { kind: "out-of-memory" };

/** The current attempt. `directory` holds its pid, exit code and log, and appears in its process's command line. */
export type LiveAttempt = { directory: string; taskId: string; startedAt?: number; ending?: Ending };

export type Job = {
  jobId: string;
  jobArn: string;
  jobName: string;
  jobQueue: string;
  jobDefinition: string;
  status: JobStatus;
  statusReason?: string;
  createdAt: number;
  startedAt?: number;
  stoppedAt?: number;
  attempts: Attempt[];
  retryStrategy: RetryStrategy;
  timeout?: { attemptDurationSeconds: number };
  dependsOn: { jobId?: string; type?: "N_TO_N" | "SEQUENTIAL" }[];
  parameters: Record<string, string>;
  tags: Record<string, string>;
  propagateTags?: boolean;
  shareIdentifier?: string;
  schedulingPriority?: number;
  container: ContainerProperties & {
    exitCode?: number;
    reason?: string;
    logStreamName?: string;
    taskArn?: string;
  };
  arrayProperties?: { size: number } | { index: number };
  isCancelled: boolean;
  isTerminated: boolean;
  /** Local: the parent of an array's child. */
  parent?: string;
  /** Local: kept in RUNNABLE on request. */
  stuck?: boolean;
  /** Local: the current attempt. */
  live?: LiveAttempt;
};

/** Whether this status is final. */
export function isFinal(status: JobStatus): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

/** Number of children of an array's parent, undefined for any other job. */
export function arraySize(job: Job): number | undefined {
  return job.arrayProperties !== undefined && "size" in job.arrayProperties
    ? job.arrayProperties.size
    : undefined;
}

/** Index of an array's child, undefined for any other job. */
export function arrayIndex(job: Job): number | undefined {
  return job.arrayProperties !== undefined && "index" in job.arrayProperties
    ? job.arrayProperties.index
    : undefined;
}

/** vCPUs that the job requests; 1 if it doesn't specify any, which is the smallest number that runs anything. */
export function vcpusOf(job: Job): number {
  const requested = job.container.resourceRequirements.find((r) => r.type === "VCPU");
  return requested === undefined ? 1 : Math.max(Number(requested.value), 0.25);
}
