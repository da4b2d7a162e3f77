import type { ObjectWaiter, ObjectWaiters } from "../../shared/ports/object-waiters.ts";

const uri = "s3://data/raw/2021 März/a#b.csv";
const until = Date.parse("2051-10-04T16:21:00Z");
const waiter: ObjectWaiter = { runId: "20211004T162100Z-wait00000000", step: "labels", index: 0, epoch: 1 };

/** What every store of notes about waiting steps does. `make` returns an empty one. */
export function objectWaitersContract(make: () => Promise<ObjectWaiters>): void {
  let waiters: ObjectWaiters;
  beforeEach(async () => {
    waiters = await make();
  });

  const listed = async (object: string) =>
    (await waiters.list(object)).map((each) => JSON.stringify(each)).sort();

  test("an object that no step waits for has no waiters", async () => {
    expect(await waiters.list(uri)).toEqual([]);
  });

  test("a waiter is found by its object, unchanged", async () => {
    await waiters.add(uri, waiter, until);
    expect(await waiters.list(uri)).toEqual([waiter]);
    expect(await waiters.list(`${uri}x`)).toEqual([]);
  });

  test("a waiter that is added twice is one waiter", async () => {
    await waiters.add(uri, waiter, until);
    await waiters.add(uri, { ...waiter }, until);
    expect(await waiters.list(uri)).toEqual([waiter]);
  });

  test("runs, steps, children and epochs wait separately", async () => {
    const others: ObjectWaiter[] = [
      { ...waiter, runId: "another" },
      { ...waiter, step: "labels_2" },
      { ...waiter, index: 1 },
      { ...waiter, index: "map" },
      { ...waiter, epoch: 2 },
    ];
    for (const each of [waiter, ...others]) await waiters.add(uri, each, until);
    await waiters.remove(uri, waiter);
    expect(await listed(uri)).toEqual(others.map((each) => JSON.stringify(each)).sort());
  });

  test("a missing waiter can be removed", async () => {
    await waiters.add(uri, waiter, until);
    await waiters.remove("s3://data/raw/other.csv", waiter);
    await waiters.remove(uri, { ...waiter, epoch: 9 });
    expect(await waiters.list(uri)).toEqual([waiter]);
    await waiters.remove(uri, waiter);
    await waiters.remove(uri, waiter);
    expect(await waiters.list(uri)).toEqual([]);
  });

  test("only the names of a waiting step are stored", async () => {
    await waiters.add(uri, { ...waiter, state: "RUNNING" } as ObjectWaiter, until);
    expect(await waiters.list(uri)).toEqual([waiter]);
  });

  test("objects with names of any length have separate waiters", async () => {
    const long = `s3://data/raw/${"ä".repeat(1500)}`;
    await waiters.add(`${long}1`, waiter, until);
    await waiters.add(`${long}2`, { ...waiter, epoch: 2 }, until);
    expect(await waiters.list(`${long}1`)).toEqual([waiter]);
  });
}
