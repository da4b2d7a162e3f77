import { type Backfill, backfillTag } from "./backfill.ts";

/** A backfill, as a person sees it. Times are ISO 8601 in UTC. */
export type BackfillView = Pick<
  Backfill,
  "pipeline" | "rule" | "from" | "to" | "state" | "reason" | "pass" | "concurrency" | "total"
> & {
  backfill: string;
  /** Of its times, in this pass: see `BackfillCounts`. */
  succeeded: number;
  skipped: number;
  failed: number;
  /** Asked for and not ended. */
  open: number;
  /** Not looked at yet, or stopped. */
  left: number;
  /** What its runs are found by. */
  tag: string;
};

/** How far a backfill is, as of its last turn. */
export function viewBackfill(backfill: Backfill): BackfillView {
  const { id, pipeline, rule, from, to, state, reason, pass, concurrency, total, counts, open } = backfill;
  const { succeeded, skipped, failed } = counts;
  return {
    backfill: id,
    ...{ pipeline, rule, from, to, state },
    ...(reason !== undefined && { reason }),
    ...{ pass, concurrency, total, succeeded, skipped, failed },
    open: open.length,
    left: total - succeeded - skipped - failed - open.length,
    tag: backfillTag(id),
  };
}
