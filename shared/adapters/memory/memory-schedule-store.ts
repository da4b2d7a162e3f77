import { isDeepStrictEqual } from "node:util";
import type { ScheduleStore } from "../../ports/schedule-store.ts";
import type { ScheduleKey, StoredSchedule } from "../../state/schedule.ts";

const keyOf = ({ pipeline, name }: ScheduleKey) => `${pipeline}#${name}`;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Schedules within the process. */
export class MemoryScheduleStore implements ScheduleStore {
  private readonly schedules = new Map<string, StoredSchedule>();

  async list(): Promise<StoredSchedule[]> {
    return [...this.schedules.values()].sort((a, b) => byText(keyOf(a), keyOf(b)));
  }

  async get(key: ScheduleKey): Promise<StoredSchedule | undefined> {
    return this.schedules.get(keyOf(key));
  }

  async due(now: string, limit: number): Promise<ScheduleKey[]> {
    return [...this.schedules.values()]
      .filter(({ nextAt }) => nextAt !== undefined && nextAt <= now)
      .sort((a, b) => byText(a.nextAt ?? "", b.nextAt ?? ""))
      .slice(0, limit)
      .map(({ pipeline, name }) => ({ pipeline, name }));
  }

  async put(next: StoredSchedule, previous: StoredSchedule | undefined): Promise<boolean> {
    const current = this.schedules.get(keyOf(next));
    if (!isDeepStrictEqual(current, previous) && !isDeepStrictEqual(current, next)) return false;
    this.schedules.set(keyOf(next), { ...next });
    return true;
  }
}
