import type * as z from "zod";
import { ExpressionError } from "../pipeline/expression.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { type Failure, failureOf, fatal } from "../state/failure.ts";
import { indexOf } from "../state/step-record.ts";
import { failAttempt } from "./finish-attempt.ts";
import { inputOf } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";
import { ValueMissingError } from "./stored-value.ts";

/** What data that does not fit, or is gone, makes of a step; undefined for anything that may get better by itself. */
export function failureOfData(thrown: unknown): Failure | undefined {
  if (thrown instanceof ExpressionError) return failureOf(thrown);
  return thrown instanceof ValueMissingError ? fatal(thrown.name, thrown.message) : undefined;
}

/**
 * Reads what a step needs before it runs. Data that does not fit or is gone fails the step, with the reason; what the
 * store or S3 refuses for the moment is no failure of the step: it is thrown, and the message comes back.
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

/**
 * The input of a step that the engine itself knows what to do with, parsed.
 *
 * @param expected what the input must be, for the message of an input that is not
 * @returns undefined when the attempt was failed
 */
export async function parsedInput<T>(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  schema: z.ZodType<T>,
  expected: string,
): Promise<{ value: T; index: number } | undefined> {
  const index = indexOf(held);
  const input = await readOrFail(engine, work, held, () => inputOf(engine, work, index));
  if (input === undefined) return undefined;
  const parsed = schema.safeParse(input.value);
  if (parsed.success) return { value: parsed.data, index };
  const message = `cannot take ${JSON.stringify(input.value).slice(0, 100)}: ${expected}`;
  await failAttempt(engine, work, held, fatal("InvalidInput", message));
  return undefined;
}
