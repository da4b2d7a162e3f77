import type { ErrorCode } from "../pipeline/error-codes.ts";
import { isErrorCode, kindOf } from "../pipeline/millrace-error.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import { engineError, type Failure, stackLines, storable } from "../state/failure.ts";
import type { LossCause } from "../state/step-record.ts";
import { logOf } from "./job-attempt.ts";

/** A job's own report of its failure. */
export type JobError = {
  readonly name: string;
  readonly message: string;
  /** The code of an error of the SDK; a newer SDK may have codes that are unknown here. */
  readonly code?: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number | undefined;
  /** In Python's order: the innermost call last. */
  readonly stack: readonly string[];
};

type Kind = {
  code: ErrorCode;
  pattern: RegExp;
  lostTo?: LossCause;
  timedOut?: boolean;
  fatal?: boolean;
};

const spotInterruption = /^Host EC2|Spot Task was interrupted/;

/** The reasons of a job on Lambda whose function ended, or never answered, without saying why. */
const unreported = /^Runtime exited|^Lambda reported no end/;

/**
 * The meanings of Batch's reasons, the most telling first. The job's reason counts before the container's (AWS Batch
 * user guide, "Job state change events" and "Troubleshooting").
 */
const kinds: readonly Kind[] = [
  {
    code: "SPOT_INTERRUPTION",
    pattern: spotInterruption,
    lostTo: "spot",
  },
  {
    code: "TIMEOUT",
    pattern: /attempt duration exceeded timeout/i,
    timedOut: true,
  },
  {
    code: "OUT_OF_MEMORY",
    pattern: /OutOfMemory/,
    lostTo: "memory",
  },
  {
    code: "JOB_LOST",
    pattern: unreported,
    lostTo: "job",
  },
  {
    code: "MISCONFIGURED",
    pattern: /MISCONFIGURATION:/,
    fatal: true,
  },
  {
    code: "NO_CAPACITY",
    pattern: /^RUNNABLE for|CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY/,
    lostTo: "capacity",
  },
  {
    code: "IMAGE_PULL_FAILED",
    pattern: /CannotPullContainer/,
    lostTo: "image",
  },
  {
    code: "TASK_START_FAILED",
    pattern: /^Task failed to start/,
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

/** The code that a job reported, with its remedy if this version knows the code. */
function codeOf({ code }: JobError): { code?: string; remedy?: string } {
  if (code === undefined) return {};
  return isErrorCode(code) ? { code, remedy: kindOf(code).remedy } : { code };
}

/** The failure that a job reported itself. @param log where its log is, as `{ log }`, if it's known */
export function reportedFailure(reported: JobError, log: { readonly log?: string } = {}): Failure {
  return {
    error: storable({
      ...{ name: reported.name, message: reported.message, ...codeOf(reported) },
      ...{ stack: raisedAt(reported), ...log },
    }),
    retryable: reported.retryable,
    ...(reported.retryAfterSeconds !== undefined && { retryAfter: reported.retryAfterSeconds * 1000 }),
  };
}

/**
 * Why a job failed: its own report if it raised, otherwise Batch's reason.
 *
 * @param reported the error file of the attempt, if the job left one
 */
export function jobFailure(job: JobDetail, reported: JobError | undefined): Failure {
  const place = logOf(job, job.logStream);
  const log = place === undefined ? {} : { log: place };
  const words = wordsOf(job);
  const kind = kinds.find(
    ({ pattern }) => pattern.test(job.statusReason ?? "") || pattern.test(job.containerReason ?? ""),
  );
  if (kind !== undefined) {
    return {
      error: { ...engineError(kind.code, words), ...log },
      retryable: !kind.fatal,
      ...(kind.lostTo && { lostTo: kind.lostTo }),
      // Losses to other causes are counted per attempt: five tries to pull an image are one loss.
      ...(kind.lostTo === "spot" && { times: Math.max(1, machinesLost(job)) }),
      ...(kind.timedOut && { timedOut: true }),
    };
  }
  if (reported !== undefined) return reportedFailure(reported, log);
  const exit = job.exitCode === undefined ? "" : `exit code ${job.exitCode}`;
  const message = [words, exit].filter(Boolean).join(", ") || "Batch gives no reason";
  if (job.exitCode === killed && /^Essential container|^$/.test(job.statusReason ?? "")) {
    const error = { ...engineError("KILLED", `${message}: the process was killed`), ...log };
    return { error, retryable: true, lostTo: "memory" };
  }
  return { error: { ...engineError("JOB_FAILED", message), ...log }, retryable: true };
}
