import type { ScheduleStore, StoredSchedule } from "../../shared/schedule/schedule-store.ts";

const nightly: StoredSchedule = {
  pipeline: "ridge-sweep",
  name: "nightly",
  active: false,
  nextAt: "2021-10-04T16:21:00.000Z",
};
const later = "2021-10-05T16:21:00.000Z";

/** What every store of schedules does. `make` gives an empty one. */
export function scheduleStoreContract(make: () => Promise<ScheduleStore>): void {
  let store: ScheduleStore;
  beforeEach(async () => {
    store = await make();
  });

  it("lists what was registered, by pipeline and name", async () => {
    const hourly = { ...nightly, name: "hourly" };
    await store.register(nightly);
    await store.register(hourly);
    expect(await store.list()).toEqual([hourly, nightly]);
  });

  it("leaves a schedule that is registered again as it is, so that a toggle outlives a deployment", async () => {
    await store.register(nightly);
    await store.setActive(nightly, true, later);
    await store.register(nightly);
    expect(await store.list()).toEqual([{ ...nightly, active: true, nextAt: later }]);
  });

  it("gives a toggled schedule as it then is, and nothing for one that does not exist", async () => {
    await store.register(nightly);
    expect(await store.setActive(nightly, true, later)).toEqual({ ...nightly, active: true, nextAt: later });
    expect(await store.setActive({ ...nightly, name: "nowhere" }, true, later)).toBeUndefined();
    expect(await store.list()).toHaveLength(1);
  });

  it("moves a schedule on only from the time that it is at", async () => {
    await store.register(nightly);
    await store.advance(nightly, later, "2030-01-01T00:00:00.000Z");
    expect(await store.list()).toEqual([nightly]);
    await store.advance(nightly, nightly.nextAt, later);
    expect(await store.list()).toEqual([{ ...nightly, nextAt: later }]);
    await store.advance({ ...nightly, name: "nowhere" }, later, later);
    expect(await store.list()).toHaveLength(1);
  });
}
