import type { Engine } from "../engine.ts";
import { ExpressionError } from "../pipeline/expression.ts";
import { failureOf } from "../state/failure.ts";
import type { StoredStep } from "../store/run-store.ts";
import { failAttempt } from "./finish-attempt.ts";
import type { StepWork } from "./step-work.ts";

/**
 * Reads what a step needs before it runs. Data that does not fit fails the step, with the reason; what the store or S3
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
    if (!(thrown instanceof ExpressionError)) throw thrown;
    await failAttempt(engine, work, held, failureOf(thrown));
    return undefined;
  }
}
