import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";
import type { StepIndex } from "../state/step-record.ts";

/**
 * A hint that there may be work on a step; the truth is in the run store. During a deployment, older code gets hints of
 * newer code: it forwards the fields that it doesn't know.
 */
export const stepMessage = openObject({
  runId: z.string().min(1),
  step: z.string().min(1),
  index: z.union([z.int().nonnegative(), z.literal("map")]) satisfies z.ZodType<StepIndex>,
  epoch: z.int().positive(),
  /**
   * The attempt that it asks for. If the message becomes a dead letter, only this attempt may suffer. Absent if the
   * message asks for a look at the step, whatever its attempt.
   */
  attempt: z.int().positive().exactOptional(),
  /** Asks a mapped step to send the messages of one shard of its children. */
  shard: z.int().nonnegative().exactOptional(),
  /** Asks for a worker that has nothing else to do: a large one. */
  alone: z.literal(true).exactOptional(),
});
export type StepMessage = Stored<typeof stepMessage>;

/**
 * Parses a message as the queue delivers it.
 *
 * @throws Error for a text that is not a step message; the queue then moves it to its dead letters
 */
export function parseStepMessage(body: string): StepMessage {
  return stepMessage.parse(JSON.parse(body));
}

/**
 * Maximum delay of a message, in milliseconds (SQS: 15 minutes). For work that is due later, the sweep sends a hint.
 */
export const maxMessageDelay = 900_000;

/** Where hints are sent; a worker receives each at least once, in any order. */
export type StepQueue = {
  /**
   * Sends every message or throws.
   *
   * @param delay milliseconds until the messages can be received, at most {@link maxMessageDelay}
   */
  send(messages: readonly StepMessage[], delay?: number): Promise<void>;
};
