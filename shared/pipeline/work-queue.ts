import { unknownOptions } from "./known-options.ts";
import type { Pipeline, WorkQueue } from "./pipeline.ts";

/**
 * Most slots that a limit can have, also one that is not set: its holders are one item of the table, which may have 400 KB,
 * and an id of a run takes 30 bytes.
 */
export const maxSlots = 10_000;

/** What limits are called: of a pipeline's own runs, of all in a work queue. */
export const limitName = {
  pipeline: (pipeline: string) => `pipeline/${pipeline}`,
  queue: (queue: string) => `queue/${queue}`,
} as const;

/** A limit that a definition has its runs take a slot of, and how many there are; {@link maxSlots} when left out. */
export type DefinedLimit = {
  readonly of: "queue" | "pipeline";
  readonly name: string;
  readonly slots?: number;
};

/** The work queue that a pipeline's runs wait in: its own, where it names none. */
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

/** What a limit may be, in words. */
export const whatLimitsAre = `a whole number from 1 to ${maxSlots}`;

/** Whether a definition may have a limit of so many runs. */
export function isLimit(slots: number): boolean {
  return Number.isInteger(slots) && slots >= 1 && slots <= maxSlots;
}

/** A work queue is named or limited in a way that cannot be. */
export class WorkQueueError extends Error {
  override readonly name = "WorkQueueError";
}

/**
 * Declares a work queue. Pipelines that name the same one share its limit.
 *
 * @throws WorkQueueError for a name of another form or an impossible limit
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
    throw new WorkQueueError(`work queue "${name}": limit is ${limit}; it is ${whatLimitsAre}`);
  }
  return Object.freeze({ name, ...(limit !== undefined && { limit }) });
}
