import * as z from "zod";
import { tick } from "../../shared/app/tick.ts";
import { startBackfill } from "../../shared/backfill/start-backfill.ts";
import { cron, definePipeline, lambda, wait } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, runOf } from "./driving.ts";

const params = z.strictObject({});
const monday = Date.parse("2021-10-04T12:00:00Z");
const minute = 60_000;

const waiting = definePipeline({ name: "waiting", params }, ({ step }) => {
  step("wait", wait({ seconds: 3600 }));
});
const hourly = definePipeline({ name: "hourly", params, triggers: [cron("0 * * * *")] }, ({ step }) => {
  step(
    "work",
    lambda({}, () => 1),
  );
});

function world() {
  const memory = new MemoryEngine([waiting, hourly], {}, monday);
  const ticked = () => tick(memory.engine, memory.clock.now() + 55_000);
  return { memory, ticked };
}

/** Lets reads of some items fail, as reads of items that nobody can parse do. */
function unreadable<K extends string>(
  store: Record<K, (...args: never[]) => unknown>,
  call: K,
  isBad: (key: unknown) => boolean,
) {
  const read = store[call].bind(store) as (...args: unknown[]) => unknown;
  Object.assign(store, {
    [call]: async (...args: unknown[]) => {
      if (isBad(args[0])) throw new TypeError("item cannot be read");
      return read(...args);
    },
  });
}

describe("a tick", () => {
  it("sweeps runs although the schedules can't be read, and fails at the end", async () => {
    const { memory, ticked } = world();
    const runId = await begin(memory, "waiting");
    memory.queue.receive();
    memory.clock.moveTo(memory.clock.now() + 5 * minute);
    unreadable(memory.engine.schedules, "due", () => true);
    await expect(ticked()).rejects.toThrow("item cannot be read");
    expect(memory.queue.receive()).toMatchObject([{ runId, step: "wait" }]);
  });

  it("starts the runs of a schedule although another one can't be read", async () => {
    const { memory, ticked } = world();
    unreadable(memory.engine.schedules, "list", () => true);
    await ticked();
    memory.clock.moveTo(memory.clock.now() + 60 * minute);
    expect(await ticked()).toMatchObject({ schedules: 1 });
    expect((await memory.store.listRuns({ pipeline: "hourly" }, 10)).runs).toHaveLength(1);
  });

  it("looks after runs that can be read, however many that can't are due before them", async () => {
    const { memory, ticked } = world();
    const bad = new Set<unknown>();
    for (let number = 0; number < 300; number += 1) bad.add(await begin(memory, "waiting"));
    const runId = await begin(memory, "waiting");
    memory.queue.receive(1000);
    unreadable(memory.store, "getRun", (key) => bad.has(key));
    for (let number = 0; number < 5; number += 1) {
      memory.clock.moveTo(memory.clock.now() + minute);
      await ticked();
    }
    expect(new Set(memory.queue.receive(1000).map((message) => message.runId))).toEqual(new Set([runId]));
  });

  it("moves backfills on that can be read, however many that can't are due before them", async () => {
    const { memory, ticked } = world();
    const { engine } = memory;
    const ids: string[] = [];
    for (let day = 1; day <= 21; day += 1) {
      const [from, to] = [day, day + 1].map((each) => `2021-03-${String(each).padStart(2, "0")}`);
      const span = { from: from ?? "", to: to ?? "", every: "day" } as const;
      const request = { pipeline: "hourly", ...span, concurrency: 1, retryFailed: false };
      ids.push((await startBackfill(engine, request)).id);
      memory.clock.moveTo(memory.clock.now() + 1000);
    }
    const last = ids.at(-1) ?? "";
    unreadable(memory.engine.backfills, "get", (id) => id !== last);
    const before = await engine.backfills.get(last);
    for (let number = 0; number < 3; number += 1) {
      memory.clock.moveTo(memory.clock.now() + minute);
      await ticked();
    }
    expect((await engine.backfills.get(last))?.version).toBeGreaterThan(before?.version ?? 0);
  });

  it("begins no further run once the sweep's share of its time is over, and says that it is behind", async () => {
    const { memory } = world();
    for (let number = 0; number < 10; number += 1) await begin(memory, "waiting");
    memory.clock.moveTo(memory.clock.now() + 5 * minute);
    const { getRun } = memory.store;
    memory.store.getRun = async (runId) => {
      memory.clock.moveTo(memory.clock.now() + 10_000);
      return getRun.call(memory.store, runId);
    };
    const counted: string[] = [];
    memory.engine = {
      ...memory.engine,
      meter: { count: (name) => void counted.push(name), duration: () => {} },
    };
    const { sweep } = await tick(memory.engine, memory.clock.now() + 55_000);
    expect(sweep).toBe(3);
    expect(counted).toContain("SweepBehind");
  });

  it("starts what is due by all of its duties", async () => {
    const { memory, ticked } = world();
    await ticked();
    const runId = await begin(memory, "waiting");
    memory.clock.moveTo(memory.clock.now() + 60 * minute);
    expect(await ticked()).toMatchObject({ sweep: 1, schedules: 1, backfills: 0 });
    expect(await runOf(memory, runId)).toMatchObject({ state: "RUNNING" });
  });
});
