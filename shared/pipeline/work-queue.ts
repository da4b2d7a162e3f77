import { strangeOptions } from "./known-options.ts";

/** A queue that runs of several pipelines wait in for a share of what they have in common, such as GPUs. */
export type WorkQueue = {
  readonly name: string;
  /** Runs that may be under way at once; no limit when left out. An operator may set another. */
  readonly limit?: number;
};

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
  const [strange] = strangeOptions(options, { limit: true });
  if (strange !== undefined) throw new WorkQueueError(`work queue "${name}": ${strange}`);
  const { limit } = options;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new WorkQueueError(`work queue "${name}": limit is ${limit}; it is a whole number from 1`);
  }
  return Object.freeze({ name, ...(limit !== undefined && { limit }) });
}
