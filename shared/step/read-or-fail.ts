import type { Engine } from "../engine.ts";
import { ExpressionError } from "../pipeline/expression.ts";
import { type Failure, failureOf, fatal } from "../state/failure.ts";
import type { StoredStep } from "../store/run-store.ts";
import { failAttempt } from "./finish-attempt.ts";
import type { StepWork } from "./step-work.ts";
import { ValueMissingError } from "./stored-value.ts";

/** What data that does not fit, or is gone, makes of a step; undefined for anything that may get better by itself. */
export function failureOfData(thrown: unknown): Failure | undefined {
  if (thrown instanceof ExpressionError) return failureOf(thrown);
  return thrown instanceof ValueMissingError ? fatal(thrown.name, thrown.message) : undefined;
}

/**
 * Reads what a step needs before it runs. Data that does not fit or is gone fails the step, with the reason; what the store or S3
 * refuses for the moment is no failure of the step: it is thrown, and the message comes back.
 *
 * @returns the value, or undefined when the attempt was failed
 */
export async function readOrFail<T>(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  read: () => Promise<T>,
): Promise<{ value: T } | undefined> {
  try {
    return { value: await read() };
  } catch (thrown) {
    const failure = failureOfData(thrown);
    if (failure === undefined) throw thrown;
    await failAttempt(engine, work, held, failure);
    return undefined;
  }
}
