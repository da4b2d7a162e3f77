import { createHash } from "node:crypto";
import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/** The slots of a limit: the ids of the runs that hold one, and the number of slots if an operator set it. */
export const slotsRecord = openObject({ holders: z.set(z.string()), limit: z.int().exactOptional() });
export type Slots = Stored<typeof slotsRecord>;

/** A run that waits in a work queue, and the names of the limits that it needs slots of. */
export const waitingPlace = openObject({ runId: z.string(), limits: z.array(z.string()) });

/**
 * A place in a work queue. Runs that need slots of the same limits wait in one lane, in their order. If the first of a
 * lane gets no slot, none of that lane does.
 */
export type WaitingPlace = Stored<typeof waitingPlace> & {
  readonly queue: string;
  /** Name of the lane. */
  readonly lane: string;
  /** Sorts the places of a queue: a run with a smaller text goes first. */
  readonly order: string;
};

/** The lane of runs that need slots of these limits. The order of the names doesn't matter, nor does a repeated name. */
export function laneOf(limits: readonly string[]): string {
  const names = [...new Set(limits)].sort();
  return createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, 16);
}
