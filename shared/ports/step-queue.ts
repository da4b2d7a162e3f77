import * as z from "zod";
import type { StepIndex } from "../state/step-record.ts";

/**
 * A hint that there may be work on a step; the truth is in the run store. `shard` asks a mapped step to send the
 * messages of one shard of its children. `alone` asks for a worker that has nothing else to do: a large one.
 */
export const stepMessage = z.strictObject({
  runId: z.string().min(1),
  step: z.string().min(1),
  index: z.union([z.int().nonnegative(), z.literal("map")]) satisfies z.ZodType<StepIndex>,
  epoch: z.int().positive(),
  shard: z.int().nonnegative().optional(),
  alone: z.literal(true).optional(),
});
export type StepMessage = z.infer<typeof stepMessage>;

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
