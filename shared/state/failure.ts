import type { ErrorCode } from "../pipeline/error-codes.ts";
import { kindOf, MillraceError } from "../pipeline/millrace-error.ts";
import { maxDelay, type RetryPolicy, retryDelay } from "../pipeline/retry-policy.ts";
import { FatalError, RetryAfter } from "../pipeline/step-errors.ts";
import { type LossCause, lossesTo, type StepError, type StepRecord } from "./step-record.ts";

/** Why an attempt failed, and how to handle it. */
export type Failure = {
  readonly error: StepError;
  /** False: the step fails at once. */
  readonly retryable: boolean;
  /** The attempt ran out of time. */
  readonly timedOut?: boolean;
  /** The cause of a loss that isn't the step's own fault: it uses up none of the step's retries. */
  readonly lostTo?: LossCause;
  /** How often the attempt was lost, if AWS Batch made several tries of it; once if omitted. */
  readonly times?: number;
  /** Milliseconds to wait before the next attempt, if the failure says so. */
  readonly retryAfter?: number;
};

/**
 * How many attempts may be lost to each cause before the step fails. Spot machines are taken back often and through
 * nobody's fault, and a throttled service recovers later. An image that can't be pulled or a machine that never comes
 * rarely gets better by itself. A message that dies has already been received five times, over an hour. For memory, the
 * number of listed sizes decides: see {@link lossLimit}.
 */
export const lossLimits: Readonly<Record<Exclude<LossCause, "memory">, number>> = {
  worker: 5,
  delivery: 1,
  code: 8,
  spot: 20,
  image: 3,
  start: 5,
  job: 5,
  capacity: 2,
  throttling: 10,
  // Of a call on Lambda: the next attempt gets a machine.
  time: 1,
};

/** How many attempts of a step may be lost to a cause. @param memorySizes how many sizes of memory the step lists */
export function lossLimit(cause: LossCause, memorySizes: number): number {
  return cause === "memory" ? memorySizes - 1 : lossLimits[cause];
}

/** Number of stack lines that are kept: the ones nearest to where the error was thrown. */
export const stackLines = 6;

/** An error cut to what a record can hold: names, messages and stacks from outside can have any length. */
export function storable({ name, message, code, remedy, stack, log }: StepError): StepError {
  return {
    name: name.slice(0, 100),
    message: message.slice(0, 1000),
    ...(code !== undefined && { code: code.slice(0, 100) }),
    ...(remedy !== undefined && { remedy: remedy.slice(0, 300) }),
    ...(stack && { stack: stack.slice(0, stackLines).map((line) => line.trim().slice(0, 200)) }),
    ...(log !== undefined && { log }),
  };
}

/** A thrown value as an error: anything can be thrown, and an error's fields can be anything. */
function errorFrom(thrown: unknown): StepError {
  try {
    if (typeof thrown !== "object" || thrown === null) return { name: "Error", message: String(thrown) };
    const {
      name = "Error",
      message,
      stack,
    } = thrown as { name?: unknown; message?: unknown; stack?: unknown };
    return {
      name: String(name),
      message: message === undefined ? JSON.stringify(thrown) : String(message),
      ...(thrown instanceof MillraceError && { code: thrown.code, remedy: thrown.remedy }),
      stack: typeof stack === "string" ? stack.split("\n").slice(1) : [],
    };
  } catch {
    return { name: "Error", message: "what was thrown cannot be shown" };
  }
}

function isFatal(thrown: unknown): boolean {
  return thrown instanceof MillraceError ? thrown.fatal : thrown instanceof FatalError;
}

function secondsToWait(thrown: unknown): number | undefined {
  if (thrown instanceof MillraceError) return thrown.retryAfter;
  return thrown instanceof RetryAfter ? thrown.seconds : undefined;
}

/** The failure for a value that a step's function threw. */
export function failureOf(thrown: unknown): Failure {
  const seconds = secondsToWait(thrown);
  return {
    error: storable(errorFrom(thrown)),
    retryable: !isFatal(thrown),
    ...(seconds !== undefined && Number.isFinite(seconds) && { retryAfter: Math.max(0, seconds * 1000) }),
  };
}

/** The error of a failed attempt. For a lost attempt, it includes the number of losses and their limit. */
export function countedError(record: StepRecord, { error, lostTo, times = 1 }: Failure): StepError {
  // Losses to memory are counted in sizes, which the queue and the job's attempts show.
  if (lostTo === undefined || lostTo === "memory") return error;
  const count = `loss ${lossesTo(record, lostTo) + times} of this kind; more than ${lossLimits[lostTo]} end the step`;
  return { ...error, message: `${error.message} (${count})` };
}

/** An error of the engine's own. @param remedy replaces the code's usual remedy */
export function engineError(code: ErrorCode, message: string, remedy?: string): StepError {
  const kind = kindOf(code);
  return { name: kind.name, message, code, remedy: remedy ?? kind.remedy };
}

/** A failure that no retry can help. @param remedy replaces the code's usual remedy */
export function fatal(code: ErrorCode, message: string, remedy?: string): Failure {
  return { error: engineError(code, message, remedy), retryable: false };
}

/** Bounds, in milliseconds, of the delay before code is looked for again. */
const codeDelay = { first: 15_000, max: 300_000 };

/**
 * The failure of an attempt whose code the worker doesn't have. A deployment updates one function after the other, so a
 * worker may be older than the run. The losses that a step may have for this cause last about 20 minutes.
 *
 * @param record the attempt's record
 */
export function codeMissing(record: StepRecord, message: string): Failure {
  const retryAfter = Math.min(codeDelay.max, codeDelay.first * 2 ** lossesTo(record, "code"));
  return { error: engineError("CODE_MISSING", message), retryable: true, lostTo: "code", retryAfter };
}

/** Whether and when a step is retried after a failure. A loss counts by its cause, a failure against the retries. */
export type RetryDecision =
  | { readonly kind: "retry"; readonly delay: number; readonly lostTo?: LossCause }
  | { readonly kind: "end" };

/**
 * Decides what follows a failed attempt.
 *
 * @param memorySizes how many sizes of memory the step lists
 * @param random uniform in [0, 1), for the jitter
 */
export function decideRetry(
  record: StepRecord,
  policy: RetryPolicy,
  failure: Failure,
  memorySizes: number,
  random: number,
): RetryDecision {
  if (!failure.retryable) return { kind: "end" };
  const { lostTo } = failure;
  const retryAfter = failure.retryAfter && Math.min(failure.retryAfter, maxDelay * 1000);
  const lost = lostTo === undefined ? undefined : lossesTo(record, lostTo);
  if (lostTo !== undefined && lost !== undefined && lost < lossLimit(lostTo, memorySizes)) {
    return { kind: "retry", lostTo, delay: retryAfter ?? retryDelay(policy, lost + 1, random) };
  }
  // Running out of memory at the largest size is an ordinary failure. The other causes have used up all their tries.
  if (lostTo !== undefined && lostTo !== "memory") return { kind: "end" };
  if (policy.on !== undefined && !policy.on.includes(failure.error.name)) return { kind: "end" };
  if (record.failures >= policy.limit) return { kind: "end" };
  return { kind: "retry", delay: retryAfter ?? retryDelay(policy, record.failures + 1, random) };
}
