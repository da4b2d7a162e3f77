import type { ScheduleKey, StoredSchedule } from "../state/schedule.ts";

/** Toggles and next times of schedules; what they are is in the definitions. Reads are consistent unless they say otherwise. */
export type ScheduleStore = {
  /** All schedules, by pipeline and name. */
  list(): Promise<StoredSchedule[]>;
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>;
  /** Schedules whose next time is `now` (ISO 8601, UTC) or before, soonest first. May be seconds out of date. */
  due(now: string, limit: number): Promise<ScheduleKey[]>;
  /**
   * Replaces a schedule as it was read (undefined: there must be none); false when somebody else changed it since.
   * Repeated after a lost response it says true again.
   */
  put(next: StoredSchedule, previous: StoredSchedule | undefined): Promise<boolean>;
};
