/** A pipeline's schedule as stored: what changes while it is deployed. */
export type StoredSchedule = {
  readonly pipeline: string;
  /** Name of the schedule within its pipeline. */
  readonly name: string;
  /** The toggle: what the definition says counts only when it is first deployed. */
  readonly active: boolean;
  /** The times that `nextAt` was computed from, in words: others in the definition mean another next time. */
  readonly rule: string;
  /** The next time to start a run for, ISO 8601, UTC; none for a schedule that is off or has come to its end. */
  readonly nextAt?: string;
};

/** Names one schedule. */
export type ScheduleKey = Pick<StoredSchedule, "pipeline" | "name">;

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
