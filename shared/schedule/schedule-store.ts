/** A pipeline's schedule as stored: what may change while it is deployed. */
export type StoredSchedule = {
  readonly pipeline: string;
  /** Name of the cron trigger within its pipeline. */
  readonly name: string;
  readonly active: boolean;
  /** The next time to start a run for, ISO 8601, UTC. */
  readonly nextAt: string;
};

/** Names one schedule. */
export type ScheduleKey = Pick<StoredSchedule, "pipeline" | "name">;

/** Toggles and times of schedules; what they are is in the definitions. */
export type ScheduleStore = {
  list(): Promise<StoredSchedule[]>;
  /** Stores a schedule that is not stored yet; one that is stays as it is, so that a toggle survives deployments. */
  register(schedule: StoredSchedule): Promise<void>;
  /** Switches on or off, and sets the next time; the schedule as it then is, or undefined if there is none. */
  setActive(key: ScheduleKey, active: boolean, nextAt: string): Promise<StoredSchedule | undefined>;
  /** Moves on to the next time; nothing happens when somebody else did already. */
  advance(key: ScheduleKey, from: string, to: string): Promise<void>;
};
