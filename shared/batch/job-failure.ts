import type { JobDetail } from "../ports/batch-service.ts";
import { type Failure, stackLines, storable } from "../state/failure.ts";
import type { LossCause } from "../state/step-record.ts";
import { logOf } from "./job-attempt.ts";

/** A job's own report of its failure. */
export type JobError = {
  readonly name: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number | undefined;
  /** In Python's order: the innermost call last. */
  readonly stack: readonly string[];
};

type Kind = {
  name: string;
  pattern: RegExp;
  remedy: string;
  lostTo?: LossCause;
  timedOut?: boolean;
  fatal?: boolean;
};

const spotInterruption = /^Host EC2|Spot Task was interrupted/;

/**
 * The meanings of Batch's reasons, the most telling first. The job's reason counts before the container's (AWS Batch
 * user guide, "Job state change events" and "Troubleshooting").
 */
const kinds: readonly Kind[] = [
  {
    name: "SpotInterruption",
    pattern: spotInterruption,
    remedy: "its machine was taken back; onDemandAfter, or spot: false, gets it one that stays",
    lostTo: "spot",
  },
  {
    name: "TimeoutError",
    pattern: /attempt duration exceeded timeout/i,
    remedy: "raise the step's timeout or give it more vCPUs",
    timedOut: true,
  },
  {
    name: "OutOfMemory",
    pattern: /OutOfMemory/,
    remedy: "raise the job's memory, or list sizes to be tried one after the other",
    lostTo: "memory",
  },
  {
    name: "Misconfigured",
    pattern: /MISCONFIGURATION:/,
    remedy: "no machine of the queue can ever fit the job's resources; change one or the other",
    fatal: true,
  },
  {
    name: "NoCapacity",
    pattern: /^RUNNABLE for|CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY/,
    remedy: "raise the queue's vCPUs, or ask for less",
    lostTo: "capacity",
  },
  {
    name: "ImagePullFailed",
    pattern: /CannotPullContainer/,
    remedy: "check that the job family's image was pushed and that the execution role may read it",
    lostTo: "image",
  },
  {
    name: "TaskStartFailed",
    pattern: /^Task failed to start/,
    remedy: "see the job in the AWS Batch console",
    lostTo: "start",
  },
];

/**
 * Exit code of a process that SIGKILL ended (128 + 9). If no machine was taken back, no time limit was reached and
 * nobody requested the kill, then the kernel killed it because memory ran out, and Docker didn't notice.
 */
const killed = 137;

function wordsOf(job: JobDetail): string {
  return [job.statusReason, job.containerReason]
    .filter((word) => word !== undefined && word !== "")
    .join("; ");
}

/** How many of Batch's own tries of a job ended because their Spot machine was taken back. */
export function machinesLost({ tries = [] }: Pick<JobDetail, "tries">): number {
  return tries.filter(({ statusReason }) => spotInterruption.test(statusReason ?? "")).length;
}

/**
 * Where a job's error was raised. Python lists the innermost call last, and then repeats the error itself, which is
 * dropped.
 */
function raisedAt({ message, stack }: JobError): string[] {
  const last = message.split("\n");
  const frames = stack.at(-1)?.endsWith(last.at(-1) ?? "") ? stack.slice(0, -last.length) : stack;
  return frames.slice(-stackLines);
}

/** The failure that a job reported itself. @param log where its log is, as `{ log }`, if it's known */
export function reportedFailure(said: JobError, log: { readonly log?: string } = {}): Failure {
  return {
    error: storable({ name: said.name, message: said.message, stack: raisedAt(said), ...log }),
    retryable: said.retryable,
    ...(said.retryAfterSeconds !== undefined && { retryAfter: said.retryAfterSeconds * 1000 }),
  };
}

/**
 * Why a job failed: its own report if it raised, otherwise Batch's reason.
 *
 * @param said the error file of the attempt, if the job left one
 */
export function jobFailure(job: JobDetail, said: JobError | undefined): Failure {
  const place = logOf(job, job.logStream);
  const log = place === undefined ? {} : { log: place };
  const words = wordsOf(job);
  const kind = kinds.find(
    ({ pattern }) => pattern.test(job.statusReason ?? "") || pattern.test(job.containerReason ?? ""),
  );
  if (kind !== undefined) {
    return {
      error: { name: kind.name, message: `${words}: ${kind.remedy}`, ...log },
      retryable: !kind.fatal,
      ...(kind.lostTo && { lostTo: kind.lostTo }),
      // Losses to other causes are counted per attempt: five tries to pull an image are one loss.
      ...(kind.lostTo === "spot" && { times: Math.max(1, machinesLost(job)) }),
      ...(kind.timedOut && { timedOut: true }),
    };
  }
  if (said !== undefined) return reportedFailure(said, log);
  const exit = job.exitCode === undefined ? "" : `exit code ${job.exitCode}`;
  const message = [words, exit].filter(Boolean).join(", ") || "Batch gives no reason";
  if (job.exitCode === killed && /^Essential container|^$/.test(job.statusReason ?? "")) {
    const why = `${message}: it was killed, most likely for its memory: raise that, or list sizes`;
    return { error: { name: "Killed", message: why, ...log }, retryable: true, lostTo: "memory" };
  }
  return { error: { name: "JobFailed", message: `${message}; see its log`, ...log }, retryable: true };
}
