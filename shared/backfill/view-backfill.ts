import { backfillTag, type ListedBackfill } from "../state/backfill.ts";
import type { BackfillView } from "./backfill-view.ts";

/** How far a backfill is, as of its last turn. What newer code has added to it is shown as well. */
export function viewBackfill(backfill: ListedBackfill): BackfillView {
  const { id, counts, open, total, timetable, params, causeKey, ...rest } = backfill;
  const { createdAt, cancelledAt, passAt, retryFailed, next, dueAt, version, ...shown } = rest;
  const { succeeded, skipped, failed } = counts;
  return {
    backfill: id,
    ...shown,
    total,
    ...counts,
    open: open.length,
    left: total - succeeded - skipped - failed - open.length,
    tag: backfillTag(id),
  };
}
