import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/**
 * A schedule of the deployed pipelines, as a person sees it: `manage` gives it, the CLI reads it. Times are ISO 8601 in
 * UTC.
 */
export const scheduleView = openObject({
  pipeline: z.string(),
  name: z.string(),
  active: z.boolean(),
  /** Its times in words. */
  rule: z.string(),
  timezone: z.string(),
  /** What becomes of times that were missed: `Missed`, or a word of a newer version. */
  missed: z.string(),
  /** The times to come, none for a schedule that is off or has come to its end. */
  upcoming: z.array(z.string()),
});
export type ScheduleView = Stored<typeof scheduleView>;
