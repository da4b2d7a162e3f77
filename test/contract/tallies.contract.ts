import type { RunStore, TallyKey } from "../../shared/ports/run-store.ts";

const key: TallyKey = { runId: "20211004T162100Z-tally0000000", step: "train_model", shard: 3 };

/** What a run store promises about the counts of mapped steps. `create` returns a new, empty store. */
export function talliesContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  test("a tally starts empty", async () => {
    await store.openTally(key, 1, 200);
    expect(await store.getTally(key)).toEqual({ size: 200, epoch: 1, done: new Set(), failed: new Set() });
  });

  test("members are added to their outcome, and each answer shows all of them", async () => {
    await store.openTally(key, 1, 3);
    await store.joinTally(key, 1, 601, "done");
    const joined = await store.joinTally(key, 1, 600, "failed");
    expect(joined).toEqual({ size: 3, epoch: 1, done: new Set([601]), failed: new Set([600]) });
    expect(await store.joinTally(key, 1, 600, "failed")).toEqual(joined);
    expect(await store.getTally(key)).toEqual(joined);
  });

  test("a tally of this epoch stays unchanged when it is opened again", async () => {
    await store.openTally(key, 2, 3);
    const joined = await store.joinTally(key, 2, 1, "failed");
    await store.openTally(key, 2, 99);
    await store.openTally(key, 1, 99);
    expect(await store.getTally(key)).toEqual(joined);
  });

  test("a tally of a previous epoch keeps what is done and forgets what failed", async () => {
    await store.openTally(key, 1, 3);
    await store.joinTally(key, 1, 0, "done");
    await store.joinTally(key, 1, 1, "failed");
    await store.openTally(key, 2, 3);
    expect(await store.getTally(key)).toEqual({ size: 3, epoch: 2, done: new Set([0]), failed: new Set() });
  });

  test("each member's price is added once, and what an earlier epoch spent is forgotten", async () => {
    const price = { nanodollars: 4051, atLeast: false };
    await store.openTally(key, 1, 3);
    await store.joinTally(key, 1, 0, "done", price);
    const joined = await store.joinTally(key, 1, 1, "failed", { nanodollars: 9, atLeast: true });
    expect(joined).toMatchObject({ spent: 4060, priced: 2, unpriced: 1 });
    expect(await store.joinTally(key, 1, 1, "failed", price)).toEqual(joined);
    expect(await store.joinTally(key, 1, 0, "failed", price)).toEqual(joined);
    await store.openTally(key, 2, 3);
    const reopened = await store.getTally(key);
    expect(reopened).not.toHaveProperty("spent");
    expect(reopened).not.toHaveProperty("unpriced");
    expect(await store.joinTally(key, 2, 1, "done", price)).toMatchObject({ spent: 4051, priced: 3 });
  });

  test("nothing is added without a tally of this epoch", async () => {
    expect(await store.joinTally(key, 1, 0, "done")).toBeUndefined();
    expect(await store.getTally(key)).toBeUndefined();
    await store.openTally(key, 2, 3);
    expect(await store.joinTally(key, 1, 0, "done")).toBeUndefined();
    expect(await store.joinTally(key, 3, 0, "done")).toBeUndefined();
    expect(await store.getTally(key)).toMatchObject({ done: new Set() });
  });

  test("shards, maps, steps and runs are counted separately", async () => {
    const others: TallyKey[] = [
      { ...key, shard: "map" },
      { ...key, shard: 30 },
      { ...key, step: "train" },
      { ...key, runId: "another-run" },
    ];
    for (const each of [key, ...others]) await store.openTally(each, 1, 5);
    await store.joinTally(key, 1, 4, "done");
    for (const other of others) expect(await store.getTally(other)).toMatchObject({ done: new Set() });
  });

  test("the tallies of a map are those of its shards in order, without the map's own and without other maps'", async () => {
    const others: TallyKey[] = [
      { ...key, shard: "map" },
      { ...key, step: "train" },
      { ...key, step: "train_model2" },
      { ...key, runId: "another-run" },
    ];
    for (const other of others) await store.openTally(other, 1, 9);
    for (const shard of [30, 3, 0]) await store.openTally({ ...key, shard }, 1, shard + 1);
    await store.joinTally({ ...key, shard: 3 }, 1, 600, "failed");
    const none = { done: new Set(), failed: new Set() };
    expect(await store.listTallies(key.runId, key.step)).toEqual([
      { ...none, size: 1, epoch: 1 },
      { size: 4, epoch: 1, done: new Set(), failed: new Set([600]) },
      { ...none, size: 31, epoch: 1 },
    ]);
    expect(await store.listTallies(key.runId, "no_such_map")).toEqual([]);
  });

  test("two hundred concurrent members are all counted, and exactly one answer shows the tally full", async () => {
    await store.openTally(key, 1, 200);
    const members = Array.from({ length: 200 }, (_, member) => member);
    const joined = await Promise.all(
      members.map((member) => store.joinTally(key, 1, member, member % 3 === 0 ? "failed" : "done")),
    );
    const full = joined.filter((tally) => tally && tally.done.size + tally.failed.size === tally.size);
    expect(full).toHaveLength(1);
    expect(await store.getTally(key)).toEqual(full[0]);
  });
}
