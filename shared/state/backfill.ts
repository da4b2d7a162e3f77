import * as z from "zod";
import { openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";
import { timetableRecord } from "../pipeline/timetable.ts";
import type { Run } from "./run.ts";

const count = z.int().nonnegative();

/** A request to run a pipeline for times in the past. Times are ISO 8601 in UTC. */
const backfillPlan = openObject({
  pipeline: z.string(),
  /** Defines the times between `from` and `to`. */
  timetable: timetableRecord,
  /** The timetable in words. */
  rule: z.string(),
  from: z.string(),
  /** The end of the times, exclusive. */
  to: z.string(),
  params: storedJson,
  /** Distinguishes its runs from other runs of the same pipeline and times. */
  causeKey: z.string(),
});
export type BackfillPlan = Stored<typeof backfillPlan>;

/** How many of the checked times have which result. Skipped times succeeded before this pass. */
const backfillCounts = openObject({
  succeeded: count,
  /** Had already succeeded. */
  skipped: count,
  /** Ended without success, including cancelled and timed out. */
  failed: count,
});

/**
 * A backfill as stored. It goes through its times in order, once per pass, and stores which runs are open: a few of
 * possibly thousands. Fields that newer code adds stay with it from pass to pass.
 */
export const backfillRecord = backfillPlan.extend({
  id: z.string(),
  /** CANCELLED: it starts no more runs, and ends the ones that it started. */
  state: z.enum(["RUNNING", "DONE", "CANCELLED"]),
  /** Why and when it was cancelled. */
  reason: z.string().exactOptional(),
  cancelledAt: z.string().exactOptional(),
  createdAt: z.string(),
  /** Starts at 1 and grows by 1 each time the backfill is requested again or resumed. */
  pass: z.int().positive(),
  passAt: z.string(),
  /** Whether this pass reopens runs that failed before it. */
  retryFailed: z.boolean(),
  /** Maximum number of its runs that are under way at once. */
  concurrency: z.int().positive(),
  /** Number of times. */
  total: count,
  counts: backfillCounts,
  /** Times whose runs were requested and hadn't ended at the last check. */
  open: z.array(z.string()),
  /** The first time that this pass hasn't checked; absent if it has checked all. */
  next: z.string().exactOptional(),
  /** When it is checked again; absent once nothing is left to do. */
  dueAt: z.string().exactOptional(),
  version: z.int().nonnegative(),
});
export type Backfill = Stored<typeof backfillRecord>;

/** A backfill in a list, on which no code acts: an unknown state or timetable is shown unchanged. */
export const listedBackfill = backfillRecord.extend({ state: z.string(), timetable: z.unknown() });
export type ListedBackfill = Stored<typeof listedBackfill>;

export const noCounts: Backfill["counts"] = { succeeded: 0, skipped: 0, failed: 0 };

/** The limit whose slots a backfill's runs hold. */
export const backfillLimit = (id: string) => `backfill/${id}`;

/** The tag of a backfill's runs. */
export const backfillTag = (id: string) => `backfill:${id}`;

/**
 * The cancel reason of runs that only a cancelled backfill wanted. A later pass, or another backfill that wants such a
 * run, recognizes by this text that it may reopen it.
 */
export const stoppedWith = (id: string) => `backfill ${id} was cancelled`;

/** Whether a run was cancelled with a backfill, and so by nobody who meant the run itself. */
export function wasStoppedWithBackfill(run: Run): boolean {
  return run.state === "CANCELLED" && /^backfill \S+ was cancelled$/.test(run.reason ?? "");
}

/** Whether a backfill started a run: the run holds a slot of the backfill or waits for one. */
export function isStartedBy({ limits }: Run, id: string): boolean {
  return limits.some(({ name }) => name === backfillLimit(id));
}
