import * as z from "zod";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/** A pipeline's schedule as stored: what changes while it is deployed. What newer code adds stays with it. */
export const scheduleRecord = openObject({
  pipeline: z.string(),
  /** Name of the schedule within its pipeline. */
  name: z.string(),
  /** The toggle: what the definition says counts only when it is first deployed. */
  active: z.boolean(),
  /** The times that `nextAt` was computed from, in words: others in the definition mean another next time. */
  rule: z.string(),
  /** The next time to start a run for, ISO 8601, UTC; none for a schedule that is off or has come to its end. */
  nextAt: z.iso.datetime().exactOptional(),
});
export type StoredSchedule = Stored<typeof scheduleRecord>;

/** Names one schedule. */
export type ScheduleKey = Pick<StoredSchedule, "pipeline" | "name">;
