import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// What is answered about backfills: `manage` gives it, the CLI reads it by the same schema.

const count = z.int().nonnegative();

const asked = {
  backfill: z.string(),
  pipeline: z.string(),
  rule: z.string(),
  from: z.string(),
  to: z.string(),
  concurrency: count,
  /** How many times there are. */
  total: count,
};

/** A backfill, as a person sees it. Times are ISO 8601 in UTC. */
export const backfillView = openObject({
  ...asked,
  /** That of a newer version is shown as it is. */
  state: z.string(),
  reason: z.string().exactOptional(),
  pass: count,
  /** Of its times, in this pass: see `counts` of a backfill. */
  succeeded: count,
  skipped: count,
  failed: count,
  /** Asked for and not ended. */
  open: count,
  /** Not looked at yet, or stopped. */
  left: count,
  /** What its runs are found by. */
  tag: z.string(),
});
export type BackfillView = Stored<typeof backfillView>;

/** What a backfill would do that was only looked at. Times are ISO 8601 in UTC. */
export const backfillPreview = openObject({
  ...asked,
  dryRun: z.literal(true),
  /** The first of its times and the last, each once. */
  first: z.array(z.string()),
  last: z.array(z.string()),
  /** Where the same was asked for before: how that stands. Under way it would only go on. */
  state: z.string().exactOptional(),
  /**
   * How many times would be started, have a run that would be opened again, are under way, have succeeded and would be
   * skipped, and have failed and would be left. Absent for more times than are looked up at once.
   */
  counts: openObject({
    start: count,
    again: count,
    open: count,
    skipped: count,
    failed: count,
  }).exactOptional(),
});
export type BackfillPreview = Stored<typeof backfillPreview>;
