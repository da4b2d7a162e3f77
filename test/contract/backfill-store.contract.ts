import type { BackfillStore } from "../../shared/ports/backfill-store.ts";
import type { Backfill } from "../../shared/state/backfill.ts";
import { timeAt } from "../factories.ts";

export const aBackfill: Backfill = {
  id: "taxi-scoring-0123456789",
  pipeline: "taxi-scoring",
  timetable: { kind: "cron", expression: "0 0 1 * *", timezone: "UTC" },
  rule: "cron 0 0 1 * * in UTC",
  from: "2021-04-01T00:00:00.000Z",
  to: "2021-06-01T00:00:00.000Z",
  params: { model: { "": null } },
  causeKey: "",
  state: "RUNNING",
  createdAt: timeAt(0),
  pass: 1,
  passAt: timeAt(0),
  retryFailed: false,
  concurrency: 4,
  total: 2,
  counts: { succeeded: 0, skipped: 0, failed: 0 },
  open: [],
  next: "2021-04-01T00:00:00.000Z",
  dueAt: timeAt(10),
  version: 1,
};
const { next: _next, dueAt: _dueAt, ...rest } = aBackfill;
const over: Backfill = {
  ...rest,
  timetable: { kind: "interval", every: { days: 7 }, anchor: timeAt(0), timezone: "UTC", end: timeAt(1) },
  state: "CANCELLED",
  reason: "cancelled by an operator",
  cancelledAt: timeAt(5),
  open: [timeAt(1), timeAt(2)],
  version: 2,
};

/** What every store of backfills does. `make` returns an empty one. */
export function backfillStoreContract(make: () => Promise<BackfillStore>): void {
  let store: BackfillStore;
  beforeEach(async () => {
    store = await make();
  });

  it("a stored backfill is read unchanged, and an unknown one is undefined", async () => {
    expect(await store.put(aBackfill)).toBe(true);
    expect(await store.get(aBackfill.id)).toEqual(aBackfill);
    expect(await store.put(over)).toBe(true);
    expect(await store.get(aBackfill.id)).toEqual(over);
    expect(await store.get("unknown")).toBeUndefined();
  });

  it("a deferral changes only the due time, and does nothing to a backfill that isn't due", async () => {
    await store.put(aBackfill);
    await store.defer(aBackfill.id, timeAt(20));
    expect(await store.get(aBackfill.id)).toEqual({ ...aBackfill, dueAt: timeAt(20) });
    expect(await store.due(timeAt(19), 10)).toEqual([]);
    expect(await store.due(timeAt(20), 10)).toEqual([aBackfill.id]);
    await store.put(over);
    await store.defer(aBackfill.id, timeAt(30));
    await store.defer("unknown", timeAt(30));
    expect(await store.get(aBackfill.id)).toEqual(over);
    expect(await store.due(timeAt(40), 10)).toEqual([]);
  });

  it("a write replaces only the previous version", async () => {
    await store.put(aBackfill);
    expect(await store.put({ ...over, version: 1 })).toBe(false);
    expect(await store.put({ ...over, version: 3 })).toBe(false);
    expect(await store.put({ ...over, id: "unknown" })).toBe(false);
    expect(await store.get(aBackfill.id)).toEqual(aBackfill);
  });

  it("a repeated write returns the same answer", async () => {
    expect(await store.put(aBackfill)).toBe(true);
    expect(await store.put(aBackfill)).toBe(true);
    expect(await store.put(over)).toBe(true);
    expect(await store.put(over)).toBe(true);
    expect(await store.put(aBackfill)).toBe(false);
  });

  it("backfills are listed newest first", async () => {
    await store.put(aBackfill);
    await store.put({ ...aBackfill, id: "b", createdAt: timeAt(20) });
    await store.put({ ...aBackfill, id: "c", createdAt: timeAt(10) });
    expect((await store.list(10)).map(({ id }) => id)).toEqual(["b", "c", aBackfill.id]);
    expect((await store.list(1)).map(({ id }) => id)).toEqual(["b"]);
  });

  it("due backfills are listed soonest first, without those that are complete", async () => {
    await store.put(aBackfill);
    await store.put({ ...aBackfill, id: "sooner", dueAt: timeAt(9) });
    expect(await store.due(timeAt(8), 10)).toEqual([]);
    expect(await store.due(timeAt(10), 10)).toEqual(["sooner", aBackfill.id]);
    expect(await store.due(timeAt(10), 1)).toEqual(["sooner"]);
    await store.put(over);
    expect(await store.due(timeAt(10), 10)).toEqual(["sooner"]);
  });
}
