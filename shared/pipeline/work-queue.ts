import { unknownOptions } from "./known-options.ts";
import { errorOf } from "./millrace-error.ts";
import type { Pipeline, WorkQueue } from "./pipeline.ts";

/**
 * Maximum number of slots, also for a limit whose number isn't set. The holders of a limit's slots are one item of the
 * table, which may have 400 KB, and a run id takes 30 bytes.
 */
export const maxSlots = 10_000;

/** Names of limits: one for a pipeline's own runs, one for all runs in a work queue. */
export const limitName = {
  pipeline: (pipeline: string) => `pipeline/${pipeline}`,
  queue: (queue: string) => `queue/${queue}`,
} as const;

/** A limit that a definition's runs take a slot of, and its number of slots; {@link maxSlots} if omitted. */
export type DefinedLimit = {
  readonly of: "queue" | "pipeline";
  readonly name: string;
  readonly slots?: number;
};

/** The work queue that a pipeline's runs wait in; if it names none, a queue with the pipeline's name. */
export function queueOf({ name, concurrency }: Pipeline): string {
  return concurrency.queue?.name ?? name;
}

/** The limits that a pipeline's runs take slots of. */
export function limitsOf({ name, concurrency: { maxActiveRuns, queue } }: Pipeline): DefinedLimit[] {
  const limits: DefinedLimit[] = [];
  if (queue !== undefined) {
    const { limit: slots } = queue;
    limits.push({ of: "queue", name: limitName.queue(queue.name), ...(slots !== undefined && { slots }) });
  }
  if (maxActiveRuns !== undefined) {
    limits.push({ of: "pipeline", name: limitName.pipeline(name), slots: maxActiveRuns });
  }
  return limits;
}

/** The valid limits, in words. */
export const limitRule = `a whole number from 1 to ${maxSlots}`;

/** Whether a number is valid as a definition's limit. */
export function isLimit(slots: number): boolean {
  return Number.isInteger(slots) && slots >= 1 && slots <= maxSlots;
}

/** A work queue has an invalid name or limit. */
export class WorkQueueError extends errorOf("WORK_QUEUE_DEFINITION") {}

/**
 * Declares a work queue. Pipelines that name the same one share its limit.
 *
 * @throws WorkQueueError for an invalid name or an impossible limit
 */
export function workQueue(name: string, options: { limit?: number } = {}): WorkQueue {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new WorkQueueError(
      `work queue "${name}": a name is 1 to 40 lower-case letters, digits and -, and starts with a letter`,
    );
  }
  const [unknown] = unknownOptions(options, { limit: true });
  if (unknown !== undefined) throw new WorkQueueError(`work queue "${name}": ${unknown}`);
  const { limit } = options;
  if (limit !== undefined && !isLimit(limit)) {
    throw new WorkQueueError(`work queue "${name}": limit is ${limit}; it is ${limitRule}`);
  }
  return Object.freeze({ name, ...(limit !== undefined && { limit }) });
}
