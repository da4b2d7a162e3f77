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

/** The failure of a step whose data doesn't fit or is gone. Undefined for an error that may pass by itself. */
export function failureOfData(thrown: unknown): Failure | undefined {
  const isOfData = thrown instanceof ExpressionError || thrown instanceof ValueMissingError;
  return isOfData ? failureOf(thrown) : undefined;
}

/**
 * Reads what a step needs before it runs. Data that doesn't fit or is gone fails the step with the reason. If the store
 * or S3 refuses for the moment, the step doesn't fail: the error is thrown, and the message comes back.
 *
 * @returns the value, or undefined if the attempt was failed
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
 * Parses the input of a step whose work the engine does itself.
 *
 * @param expected the required form of the input, for the error message
 * @returns undefined if the attempt was failed
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
  const message = `its input is ${JSON.stringify(input.value).slice(0, 100)}: ${expected}`;
  await failAttempt(engine, work, held, fatal("INVALID_INPUT", message));
  return undefined;
}
