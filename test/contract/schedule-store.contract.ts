import type { ScheduleStore } from "../../shared/ports/schedule-store.ts";
import type { StoredSchedule } from "../../shared/state/schedule.ts";

export const nightly: StoredSchedule = {
  pipeline: "ridge-sweep",
  name: "nightly",
  active: true,
  rule: "cron 21 16 * * * in UTC",
  nextAt: "2021-10-04T16:21:00.000Z",
};
const { nextAt: _nextAt, ...timeless } = nightly;
const off: StoredSchedule = { ...timeless, active: false };
const later: StoredSchedule = { ...nightly, nextAt: "2021-10-05T16:21:00.000Z" };
const key = { pipeline: "ridge-sweep", name: "nightly" };

/** What every store of schedules does. `make` returns an empty one. */
export function scheduleStoreContract(make: () => Promise<ScheduleStore>): void {
  let store: ScheduleStore;
  beforeEach(async () => {
    store = await make();
  });

  it("schedules are listed by pipeline and name, and each is read by its key", async () => {
    const hourly = { ...off, name: "hourly # of a day" };
    expect(await store.put(nightly, undefined)).toBe(true);
    expect(await store.put(hourly, undefined)).toBe(true);
    expect(await store.list()).toEqual([hourly, nightly]);
    expect(await store.get(key)).toEqual(nightly);
    expect(await store.get({ ...key, name: "nowhere" })).toBeUndefined();
  });

  it("a schedule is created only if there is none", async () => {
    await store.put(nightly, undefined);
    expect(await store.put(off, undefined)).toBe(false);
    expect(await store.list()).toEqual([nightly]);
  });

  it.each<[string, StoredSchedule]>([
    ["the toggle", off],
    ["the next time", later],
    ["the rule", { ...nightly, rule: "cron 0 3 * * * in UTC" }],
  ])("a schedule is replaced only if it is as it was read: another writer changed %s", async (_, changed) => {
    await store.put(nightly, undefined);
    expect(await store.put(changed, nightly)).toBe(true);
    expect(await store.put({ ...nightly, nextAt: "2030-01-01T00:00:00.000Z" }, nightly)).toBe(false);
    expect(await store.put({ ...nightly, name: "nowhere" }, nightly)).toBe(false);
    expect(await store.list()).toEqual([changed]);
  });

  it("a repeated write returns the same answer", async () => {
    await store.put(nightly, undefined);
    expect(await store.put(later, nightly)).toBe(true);
    expect(await store.put(later, nightly)).toBe(true);
    expect(await store.put(off, later)).toBe(true);
    expect(await store.put(off, later)).toBe(true);
  });

  it("due schedules are listed soonest first, without those that are off", async () => {
    const first = { ...nightly, name: "first", nextAt: "2021-10-04T16:20:00.000Z" };
    await store.put(nightly, undefined);
    await store.put(first, undefined);
    await store.put({ ...off, name: "off" }, undefined);
    expect(await store.due("2021-10-04T16:19:59.999Z", 10)).toEqual([]);
    expect(await store.due(nightly.nextAt ?? "", 10)).toEqual([{ ...key, name: "first" }, key]);
    expect(await store.due("2030-01-01T00:00:00.000Z", 1)).toEqual([{ ...key, name: "first" }]);
    await store.put({ ...off, name: "first" }, first);
    await store.put(later, nightly);
    expect(await store.due(nightly.nextAt ?? "", 10)).toEqual([]);
    expect(await store.due(later.nextAt ?? "", 10)).toEqual([key]);
  });
}
