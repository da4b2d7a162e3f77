import type { ScheduleKey, ScheduleStore, StoredSchedule } from "./schedule-store.ts";

const keyOf = ({ pipeline, name }: ScheduleKey) => `${pipeline}#${name}`;

/** Schedules within the process. */
export class MemoryScheduleStore implements ScheduleStore {
  private readonly schedules = new Map<string, StoredSchedule>();

  async list(): Promise<StoredSchedule[]> {
    return [...this.schedules.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  async register(schedule: StoredSchedule): Promise<void> {
    if (!this.schedules.has(keyOf(schedule))) this.schedules.set(keyOf(schedule), schedule);
  }

  async setActive(key: ScheduleKey, active: boolean, nextAt: string): Promise<StoredSchedule | undefined> {
    const stored = this.schedules.get(keyOf(key));
    if (stored === undefined) return undefined;
    const next = { ...stored, active, nextAt };
    this.schedules.set(keyOf(key), next);
    return next;
  }

  async advance(key: ScheduleKey, from: string, to: string): Promise<void> {
    const stored = this.schedules.get(keyOf(key));
    if (stored?.nextAt === from) this.schedules.set(keyOf(key), { ...stored, nextAt: to });
  }
}
