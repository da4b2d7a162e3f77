import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/**
 * A pipeline's schedule as stored: the part that changes while it is deployed. Fields that newer code adds stay with
 * it.
 */
export const scheduleRecord = openObject({
  pipeline: z.string(),
  /** Name of the schedule within its pipeline. */
  name: z.string(),
  /** The toggle. The definition's value counts only at the first deployment. */
  active: z.boolean(),
  /** The times that `nextAt` was computed from, in words. If the definition's times differ, the next time does too. */
  rule: z.string(),
  /** The next time to start a run for, ISO 8601 in UTC; absent if the schedule is off or has reached its end. */
  nextAt: z.iso.datetime().exactOptional(),
});
export type StoredSchedule = Stored<typeof scheduleRecord>;

/** Names one schedule. */
export type ScheduleKey = Pick<StoredSchedule, "pipeline" | "name">;
