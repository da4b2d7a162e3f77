import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

// Answers about backfills: `manage` returns them, the CLI reads them with the same schema.

const count = z.int().nonnegative();

const requestFields = {
  backfill: z.string(),
  pipeline: z.string(),
  rule: z.string(),
  from: z.string(),
  to: z.string(),
  concurrency: count,
  /** Total number of times. */
  total: count,
};

/** A backfill, as a person sees it. Times are ISO 8601 in UTC. */
export const backfillView = openObject({
  ...requestFields,
  /** A state of a newer version is shown as it is. */
  state: z.string(),
  reason: z.string().exactOptional(),
  pass: count,
  /** Counts of its times in this pass: see `counts` of a backfill. */
  succeeded: count,
  skipped: count,
  failed: count,
  /** Requested and not ended. */
  open: count,
  /** Not looked at yet, or stopped. */
  left: count,
  /** The tag of its runs. */
  tag: z.string(),
});
export type BackfillView = Stored<typeof backfillView>;

/** A preview of a backfill. Times are ISO 8601 in UTC. */
export const backfillPreview = openObject({
  ...requestFields,
  dryRun: z.literal(true),
  /** The first and the last of its times; no time is in both lists. */
  first: z.array(z.string()),
  last: z.array(z.string()),
  /** State of the same backfill if it was requested before. If it's under way, a new request would only continue it. */
  state: z.string().exactOptional(),
  /**
   * How many times would get a new run, would have their failed run reopened, are under way, have succeeded and would
   * be skipped, or have failed and would stay so. Absent if there are more times than one lookup covers.
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
