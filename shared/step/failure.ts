import { ExpressionError } from "../pipeline/expression.ts";
import { FatalError, RetryAfter } from "../pipeline/step-errors.ts";
import type { StepError } from "../state/step-record.ts";

/** Why an attempt failed, and what may be done about it. */
export type Failure = {
  readonly error: StepError;
  /** False: the step fails at once. */
  readonly retryable: boolean;
  /** The attempt ran out of time. */
  readonly timedOut?: boolean;
  /** Not the step's fault: tried again without using up its retries, up to a limit of its own. */
  readonly infrastructure?: boolean;
  /** Milliseconds to wait before the next attempt, when the failure itself knows. */
  readonly retryAfter?: number;
};

/** Attempts that may be lost to infrastructure before the step fails. */
export const lostAttemptsLimit = 5;

const stackLines = 6;

/** An error cut to what a record can hold: names, messages and stacks from outside may be of any length. */
export function storable({ name, message, stack, log }: StepError): StepError {
  return {
    name: name.slice(0, 100),
    message: message.slice(0, 1000),
    ...(stack && { stack: stack.slice(0, stackLines).map((line) => line.trim().slice(0, 200)) }),
    ...(log !== undefined && { log }),
  };
}

/** A failure for whatever a step's function threw. */
export function failureOf(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stack = (error.stack ?? "").split("\n").slice(1, 1 + stackLines);
  return {
    error: storable({ name: error.name, message: error.message, stack }),
    retryable: !(error instanceof FatalError || error instanceof ExpressionError),
    ...(error instanceof RetryAfter && { retryAfter: error.seconds * 1000 }),
  };
}

/** A failure that no retry can help. */
export function fatal(name: string, message: string): Failure {
  return { error: { name, message }, retryable: false };
}
