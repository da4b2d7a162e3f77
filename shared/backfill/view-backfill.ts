import { backfillTag, type ListedBackfill } from "../state/backfill.ts";
import type { BackfillView } from "./backfill-view.ts";

/** A backfill's progress as of its last turn. Fields that newer code added are shown too. */
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
