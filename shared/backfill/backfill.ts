import type { Json } from "../pipeline/json.ts";
import type { Timetable } from "../pipeline/timetable.ts";
import type { Run } from "../state/run.ts";

/** What is asked for when a pipeline is run for times that have passed. Times are ISO 8601 in UTC. */
export type BackfillPlan = {
  readonly pipeline: string;
  /** Which times there are between the two. */
  readonly timetable: Timetable;
  /** Its times in words. */
  readonly rule: string;
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  readonly params: Json;
  /** What tells its runs from others of the same pipeline and times. */
  readonly causeKey: string;
};

/** How the times that were looked at came out: of this pass, and by an earlier run of the same cause. */
export type BackfillCounts = {
  readonly succeeded: number;
  /** Had succeeded before. */
  readonly skipped: number;
  /** Ended without success, cancelled and timed out ones included. */
  readonly failed: number;
};

/**
 * A backfill as stored. It goes over its times in order, once each pass, and knows which runs are open: a few of the
 * thousands that there may be.
 */
export type Backfill = BackfillPlan & {
  readonly id: string;
  /** CANCELLED: it starts nothing more, and ends what it has started. */
  readonly state: "RUNNING" | "DONE" | "CANCELLED";
  /** Why and when it was cancelled. */
  readonly reason?: string;
  readonly cancelledAt?: string;
  readonly createdAt: string;
  /** 1, and one more each time it is asked for again or resumed. */
  readonly pass: number;
  readonly passAt: string;
  /** Whether this pass opens runs again that had failed before it. */
  readonly retryFailed: boolean;
  /** Most of its runs that are under way at once. */
  readonly concurrency: number;
  /** How many times there are. */
  readonly total: number;
  readonly counts: BackfillCounts;
  /** Times whose runs are asked for and have not ended, as it was last seen. */
  readonly open: readonly string[];
  /** The first time that this pass has not looked at; none when it has looked at all. */
  readonly next?: string;
  /** When it is looked at again; none once nothing is left to do. */
  readonly dueAt?: string;
  readonly version: number;
};

export const noCounts: BackfillCounts = { succeeded: 0, skipped: 0, failed: 0 };

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
