import * as z from "zod";
import { openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";
import { timetableRecord } from "../pipeline/timetable.ts";
import type { Run } from "./run.ts";

const count = z.int().nonnegative();

/** What is asked for when a pipeline is run for times that have passed. Times are ISO 8601 in UTC. */
const backfillPlan = openObject({
  pipeline: z.string(),
  /** Which times there are between the two. */
  timetable: timetableRecord,
  /** Its times in words. */
  rule: z.string(),
  from: z.string(),
  /** Exclusive. */
  to: z.string(),
  params: storedJson,
  /** What tells its runs from others of the same pipeline and times. */
  causeKey: z.string(),
});
export type BackfillPlan = Stored<typeof backfillPlan>;

/** How the times that were looked at came out: of this pass, and by an earlier run of the same cause. */
const backfillCounts = openObject({
  succeeded: count,
  /** Had succeeded before. */
  skipped: count,
  /** Ended without success, cancelled and timed out ones included. */
  failed: count,
});

/**
 * A backfill as stored. It goes over its times in order, once each pass, and knows which runs are open: a few of the
 * thousands that there may be. What newer code adds stays with it, pass after pass.
 */
export const backfillRecord = backfillPlan.extend({
  id: z.string(),
  /** CANCELLED: it starts nothing more, and ends what it has started. */
  state: z.enum(["RUNNING", "DONE", "CANCELLED"]),
  /** Why and when it was cancelled. */
  reason: z.string().exactOptional(),
  cancelledAt: z.string().exactOptional(),
  createdAt: z.string(),
  /** 1, and one more each time it is asked for again or resumed. */
  pass: z.int().positive(),
  passAt: z.string(),
  /** Whether this pass opens runs again that had failed before it. */
  retryFailed: z.boolean(),
  /** Most of its runs that are under way at once. */
  concurrency: z.int().positive(),
  /** How many times there are. */
  total: count,
  counts: backfillCounts,
  /** Times whose runs are asked for and have not ended, as it was last seen. */
  open: z.array(z.string()),
  /** The first time that this pass has not looked at; none when it has looked at all. */
  next: z.string().exactOptional(),
  /** When it is looked at again; none once nothing is left to do. */
  dueAt: z.string().exactOptional(),
  version: z.int().nonnegative(),
});
export type Backfill = Stored<typeof backfillRecord>;

/** A backfill in a list, which nobody acts on: a state or a timetable that this code does not know is shown as it is. */
export const listedBackfill = backfillRecord.extend({ state: z.string(), timetable: z.unknown() });
export type ListedBackfill = Stored<typeof listedBackfill>;

export const noCounts: Backfill["counts"] = { succeeded: 0, skipped: 0, failed: 0 };

/** The limit whose slots a backfill's runs hold. */
export const backfillLimit = (id: string) => `backfill/${id}`;

/** The tag of a backfill's runs. */
export const backfillTag = (id: string) => `backfill:${id}`;

/** Why a run was cancelled that a cancelled backfill had started: by it a later pass knows that it may go on. */
export const stoppedWith = (id: string) => `backfill ${id} was cancelled`;

/** Whether a run holds a slot of a backfill, or waits for one: it was started by it. */
export function isStartedBy({ limits }: Run, id: string): boolean {
  return limits.some(({ name }) => name === backfillLimit(id));
}
