import type { ScheduleKey, StoredSchedule } from "../state/schedule.ts";

/** Toggles and next times of schedules; the definitions hold the rest. Reads are consistent unless stated otherwise. */
export type ScheduleStore = {
  /** All schedules, by pipeline and name. */
  list(): Promise<StoredSchedule[]>;
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>;
  /** Schedules whose next time is `now` (ISO 8601, UTC) or before, soonest first. May be seconds out of date. */
  due(now: string, limit: number): Promise<ScheduleKey[]>;
  /**
   * Replaces a schedule that was read as `previous` (undefined: there must be none); false if it has changed since.
   * Repeated after a lost response, it returns true again.
   */
  put(next: StoredSchedule, previous: StoredSchedule | undefined): Promise<boolean>;
};
