import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/**
 * A schedule of the deployed pipelines as a person sees it: `manage` returns it, the CLI reads it. Times are ISO 8601
 * in UTC.
 */
export const scheduleView = openObject({
  pipeline: z.string(),
  name: z.string(),
  active: z.boolean(),
  /** Its times in words. */
  rule: z.string(),
  timezone: z.string(),
  /** The policy for missed times: `Missed`, or a word of a newer version. */
  missed: z.string(),
  /** The next times. Empty if the schedule is off or has ended. */
  upcoming: z.array(z.string()),
});
export type ScheduleView = Stored<typeof scheduleView>;
