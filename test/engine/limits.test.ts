import fc from "fast-check";
import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { changeLimit } from "../../shared/operate/change-limit.ts";
import { manage } from "../../shared/operate/manage.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { startByHand } from "../../shared/operate/start-by-hand.ts";
import { child, definePipeline, FatalError, lambda, wait, workQueue } from "../../shared/pipeline/index.ts";
import { NewerRecordError } from "../../shared/pipeline/stored-record.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { admitRuns } from "../../shared/run/admit-runs.ts";
import { beginRun } from "../../shared/run/start-run.ts";
import type { WaitingRun } from "../../shared/state/run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, mortal, pass, runOf, startManually, statesOf, work } from "./driving.ts";

type Limits = Parameters<typeof definePipeline>[0];

/** A run that takes a minute, or as long as its params say. It fails if they say so. */
function minute(name: string, limits: Omit<Limits, "name" | "params"> = {}) {
  const params = z.strictObject({ seconds: z.number().default(60), fails: z.boolean().default(false) });
  return definePipeline({ name, params, ...limits }, ({ params, step }) => {
    const waited = step("wait", wait({ seconds: params.seconds }));
    step(
      "end",
      lambda({ fails: params.fails }, ({ fails }) => {
        if (fails) throw new FatalError("as told");
        return 1;
      }),
      { after: [waited] },
    );
  });
}

const manualCancel = { to: "CANCELLING", endsAs: "CANCELLED", reason: "enough" } as const;

const holders = async (memory: MemoryEngine, limit: string) =>
  [...(await memory.store.getSlots(limit)).holders].sort();

/** Runs in the order in which they began. */
async function inOrder(memory: MemoryEngine, ids: readonly string[]): Promise<string[]> {
  const runs = await Promise.all(ids.map((id) => runOf(memory, id)));
  return runs
    .toSorted((a, b) => Date.parse(a.activeSince ?? "9999") - Date.parse(b.activeSince ?? "9999"))
    .map(({ runId }) => runId);
}

/** Starts runs one after the other, and returns their ids. */
async function beginAll(memory: MemoryEngine, pipeline: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await begin(memory, pipeline));
  return ids;
}

describe("runs of a pipeline with a limit", () => {
  const limited = () => new MemoryEngine([minute("limited", { maxActiveRuns: 2 })]);

  it("run up to the limit at once; the others wait, first in, first out", async () => {
    const memory = limited();
    const ids = await beginAll(memory, "limited", 5);
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "RUNNING", "QUEUED", "QUEUED", "QUEUED"]);
    await pass(memory, 61);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "SUCCEEDED", "RUNNING", "RUNNING", "QUEUED"]);
    await pass(memory, 130);
    expect(new Set(await statesOf(memory, ids))).toEqual(new Set(["SUCCEEDED"]));
    expect(await inOrder(memory, ids)).toEqual(ids);
    expect(await holders(memory, "pipeline/limited")).toEqual([]);
  });

  it("do nothing while they wait", async () => {
    const memory = limited();
    const ids = await beginAll(memory, "limited", 3);
    await pass(memory, 30);
    expect(await memory.store.listSteps(ids[2] ?? "")).toEqual([]);
    expect(await runOf(memory, ids[2] ?? "")).not.toHaveProperty("activeSince");
  });

  it.each([
    ["succeeds", { seconds: 60 }, "SUCCEEDED"],
    ["fails", { seconds: 60, fails: true }, "FAILED"],
    ["is cancelled", { seconds: 600 }, "CANCELLED"],
    ["times out", { seconds: 600 }, "TIMED_OUT"],
  ])("free their slot when one %s", async (_how, params, state) => {
    const timeout = state === "TIMED_OUT" ? 60 : 6000;
    const memory = new MemoryEngine([minute("limited", { maxActiveRuns: 1, timeout })]);
    const first = await begin(memory, "limited", { params });
    const second = await begin(memory, "limited");
    await work(memory);
    expect(await statesOf(memory, [first, second])).toEqual(["RUNNING", "QUEUED"]);
    if (state === "CANCELLED") await cancelRun(memory.engine, first);
    else await pass(memory, state === "TIMED_OUT" ? 200 : 61);
    expect((await runOf(memory, first)).state).toBe(state);
    expect((await runOf(memory, second)).state).not.toBe("QUEUED");
    expect(await holders(memory, "pipeline/limited")).not.toContain(first);
  });

  it("can be cancelled while they wait, and free their place", async () => {
    const memory = new MemoryEngine([minute("limited", { maxActiveRuns: 1 })]);
    const ids = await beginAll(memory, "limited", 3);
    await cancelRun(memory.engine, ids[1] ?? "");
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "CANCELLED", "QUEUED"]);
    await pass(memory, 61);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "CANCELLED", "RUNNING"]);
  });

  it("keep their slot while they are paused", async () => {
    const memory = new MemoryEngine([minute("limited", { maxActiveRuns: 1 })]);
    const ids = await beginAll(memory, "limited", 2);
    await manage(memory.engine, { action: "pause", runId: ids[0] });
    await pass(memory, 600);
    expect(await statesOf(memory, ids)).toEqual(["PAUSED", "QUEUED"]);
  });

  it("wait for a slot when they are retried, like any other", async () => {
    const memory = new MemoryEngine([minute("limited", { maxActiveRuns: 1 })]);
    const failed = await begin(memory, "limited", { params: { seconds: 0, fails: true } });
    await work(memory);
    const other = await begin(memory, "limited");
    expect(await retryRun(memory.engine, failed)).toMatchObject({ state: "QUEUED", epoch: 2 });
    expect(await statesOf(memory, [failed, other])).toEqual(["QUEUED", "RUNNING"]);
    await pass(memory, 61);
    // The wait succeeded in the first epoch, so only the failed step runs again.
    expect(await statesOf(memory, [failed, other])).toEqual(["FAILED", "SUCCEEDED"]);
    expect(await holders(memory, "pipeline/limited")).toEqual([]);
  });
});

describe("runs that don't wait", () => {
  it("are cancelled with the reason if no slot is free, and run nothing", async () => {
    const limits = { maxActiveRuns: 1, onCollision: "cancel_new" } as const;
    const memory = new MemoryEngine([minute("hasty", limits)]);
    const ids = await beginAll(memory, "hasty", 2);
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "CANCELLED"]);
    expect(await runOf(memory, ids[1] ?? "")).toMatchObject({
      reason: expect.stringMatching(/no slot left .*pipeline\/hasty/),
    });
    expect(await memory.store.listSteps(ids[1] ?? "")).toEqual([]);
    await pass(memory, 61);
    expect(await statesOf(memory, [await begin(memory, "hasty")])).toEqual(["RUNNING"]);
  });

  // Found by the simulation, seed 8038922: the run's starter cancelled it, and ended it while a job was at work.
  it.each([
    ["continues", false],
    ["is cancelled by a person and ends when nothing works for it", true],
  ])(
    "that got a slot without their starter's knowledge aren't cancelled by it: one %s",
    async (_what, cancelled) => {
      const memory = new MemoryEngine([minute("hasty", { maxActiveRuns: 1, onCollision: "cancel_new" })]);
      const first = await begin(memory, "hasty");
      const { engine, store } = memory;
      const { admitRun } = store;
      let ends: string[] = [];
      store.admitRun = async (run, ...rest) => {
        const answer = await admitRun.call(store, run, ...rest);
        store.admitRun = admitRun;
        await cancelRun(engine, first);
        await beginRun(engine, run as WaitingRun);
        if (cancelled) await store.moveRun(run.runId, 1, manualCancel, engine.clock.now());
        ends = await statesOf(memory, [first, run.runId]);
        return answer;
      };
      const second = await begin(memory, "hasty");
      expect(ends).toEqual(["CANCELLED", cancelled ? "CANCELLING" : "RUNNING"]);
      expect(await statesOf(memory, [second])).toEqual([cancelled ? "CANCELLING" : "RUNNING"]);
      await pass(memory, 300);
      expect(await statesOf(memory, [second])).toEqual([cancelled ? "CANCELLED" : "SUCCEEDED"]);
    },
  );

  it("are cancelled by the sweep if their starter died meanwhile", async () => {
    const memory = new MemoryEngine([minute("hasty", { maxActiveRuns: 1, onCollision: "cancel_new" })]);
    await begin(memory, "hasty", { params: { seconds: 900 } });
    const sound = memory.engine;
    // The calls are putGraph and createRun. The worker dies before the third.
    memory.engine = mortal(sound, 3, "before").engine;
    await expect(begin(memory, "hasty")).rejects.toThrow(Crash);
    memory.engine = sound;
    await pass(memory, 300);
    const { runs } = await memory.store.listRuns({ pipeline: "hasty" }, 10);
    expect(runs.map(({ state }) => state)).toEqual(["CANCELLED", "RUNNING"]);
  });
});

describe("a work queue", () => {
  const gpu = workQueue("gpu", { limit: 1 });

  it("gives slots by priority, then first in, first out", async () => {
    const memory = new MemoryEngine([
      minute("normal", { queue: gpu }),
      minute("urgent", { queue: gpu, priority: 10 }),
    ]);
    const first = await begin(memory, "normal");
    const normal = await begin(memory, "normal");
    const late = await begin(memory, "normal", { priority: 90 });
    const urgent = await begin(memory, "urgent");
    const second = await begin(memory, "urgent");
    const most = await begin(memory, "normal", { priority: 1 });
    await pass(memory, 400);
    const ids = [normal, late, urgent, second, most, first];
    expect(new Set(await statesOf(memory, ids))).toEqual(new Set(["SUCCEEDED"]));
    expect(await inOrder(memory, ids)).toEqual([first, most, urgent, second, normal, late]);
  });

  it("admits a run with a free slot, even if earlier runs wait for their pipeline's limit", async () => {
    const shared = workQueue("shared", { limit: 2 });
    const memory = new MemoryEngine([
      minute("narrow", { queue: shared, maxActiveRuns: 1, priority: 1 }),
      minute("wide", { queue: shared }),
    ]);
    const narrow = await beginAll(memory, "narrow", 3);
    const wide = await beginAll(memory, "wide", 2);
    expect(await statesOf(memory, narrow)).toEqual(["RUNNING", "QUEUED", "QUEUED"]);
    expect(await statesOf(memory, wide)).toEqual(["RUNNING", "QUEUED"]);
    expect(await holders(memory, "queue/shared")).toEqual([narrow[0], wide[0]].sort());
  });

  it("admits a run with a free slot behind any number of waiting runs", async () => {
    const shared = workQueue("shared", { limit: 2 });
    const memory = new MemoryEngine([
      minute("narrow", { queue: shared, maxActiveRuns: 1 }),
      minute("wide", { queue: shared }),
    ]);
    await beginAll(memory, "narrow", 1200);
    expect(await statesOf(memory, await beginAll(memory, "wide", 1))).toEqual(["RUNNING"]);
  });

  /** What the store is asked for while something happens: how many calls, and how many places they return. */
  async function asked(memory: MemoryEngine, what: () => Promise<unknown>): Promise<number> {
    const { store } = memory;
    let count = 0;
    const counting = new Proxy(store, {
      get: (target, key) => {
        const member = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          const answer = await member.apply(target, args);
          count += Array.isArray(answer) ? Math.max(1, answer.length) : 1;
          return answer;
        };
      },
    });
    const { engine } = memory;
    memory.engine = { ...engine, store: counting };
    await what();
    memory.engine = engine;
    return count;
  }

  const narrow = "pipeline/narrow";

  it.each<[string, (memory: MemoryEngine) => Promise<unknown>]>([
    ["the start of a run", (memory) => begin(memory, "narrow")],
    [
      "the end of a run",
      async (memory) => cancelRun(memory.engine, (await holders(memory, narrow))[0] ?? ""),
    ],
    ["a change of the limit", (memory) => changeLimit(memory.engine, narrow, 1)],
  ])("reads no more from the store at %s with a thousand waiting runs than with ten", async (_what, act) => {
    const memory = new MemoryEngine([minute("narrow", { maxActiveRuns: 1 })]);
    await beginAll(memory, "narrow", 11);
    expect(await holders(memory, narrow)).toHaveLength(1);
    const few = await asked(memory, () => act(memory));
    await beginAll(memory, "narrow", 1000);
    expect(await asked(memory, () => act(memory))).toBeLessThanOrEqual(few);
  });

  it("admits once a tick, even if the sweep finds many of its runs waiting", async () => {
    const memory = new MemoryEngine([minute("narrow", { maxActiveRuns: 1 })]);
    await beginAll(memory, "narrow", 200);
    memory.clock.moveTo(memory.clock.now() + 16 * 60_000);
    let admissions = 0;
    const { firstInLanes } = memory.store;
    memory.store.firstInLanes = (queue) => {
      admissions += 1;
      return firstInLanes.call(memory.store, queue);
    };
    await sweepRuns(memory.engine);
    expect(admissions).toBe(1);
  });

  /** Lets something happen at one of the calls between which a slot may become free. */
  function meanwhile(memory: MemoryEngine, call: "getSlots" | "admitRun", act: () => Promise<unknown>): void {
    const { store } = memory;
    const original = store[call].bind(store) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [call]: async (...args: unknown[]) => {
        const answer = await original(...args);
        Object.assign(store, { [call]: original });
        await act();
        return answer;
      },
    });
  }

  it.each(["getSlots", "admitRun"] as const)(
    "doesn't give a slot that becomes free after a run was refused to a later run (%s)",
    async (call) => {
      const memory = new MemoryEngine([
        minute("urgent", { queue: gpu, priority: 1 }),
        minute("idle", { queue: gpu, priority: 100, maxActiveRuns: 5 }),
      ]);
      const limit = "queue/gpu";
      await memory.store.setLimit(limit, 0);
      const urgent = await beginAll(memory, "urgent", 2);
      const idle = await beginAll(memory, "idle", 1);
      // At its admission the slot is taken, though it was free when the limit was looked at.
      if (call === "admitRun") {
        await memory.store.setLimit(limit, 1);
        meanwhile(memory, "getSlots", () => memory.store.setLimit(limit, 0));
      }
      // The end of a run that frees a slot makes another call, which comes later here.
      meanwhile(memory, call, () => memory.store.setLimit(limit, 1));
      await admitRuns(memory.engine, "gpu");
      expect(await statesOf(memory, [...urgent, ...idle])).toEqual(["QUEUED", "QUEUED", "QUEUED"]);
      await admitRuns(memory.engine, "gpu");
      expect(await statesOf(memory, [...urgent, ...idle])).toEqual(["RUNNING", "QUEUED", "QUEUED"]);
    },
  );

  it("skips a waiting run that only newer code knows", async () => {
    const memory = new MemoryEngine([minute("work", { queue: gpu })]);
    await memory.store.setLimit("queue/gpu", 0);
    const ids = await beginAll(memory, "work", 2);
    await memory.store.setLimit("queue/gpu", 1);
    const { getRun } = memory.store;
    memory.store.getRun = async (runId) => {
      if (runId === ids[0]) throw new NewerRecordError(`run ${runId}`, 'state "DRAINING"');
      return getRun.call(memory.store, runId);
    };
    await admitRuns(memory.engine, "gpu");
    expect(await statesOf(memory, ids.slice(1))).toEqual(["RUNNING"]);
  });

  it("removes the place of a run that no longer waits, and continues with the next run", async () => {
    const memory = new MemoryEngine([minute("work", { queue: gpu })]);
    await memory.store.setLimit("queue/gpu", 0);
    const [left = "", next = ""] = await beginAll(memory, "work", 2);
    const places = await memory.store.firstInLanes("gpu");
    await cancelRun(memory.engine, left);
    await memory.store.setLimit("queue/gpu", 1);
    const removed: string[] = [];
    // As if older code had cancelled the run.
    memory.store.firstInLanes = async () => places;
    memory.store.removePlace = async ({ runId }: { runId: string }) => void removed.push(runId);
    await admitRuns(memory.engine, "gpu");
    expect(removed).toEqual([left]);
    expect(await statesOf(memory, [next])).toEqual(["RUNNING"]);
  });

  it("isn't blocked by child runs, which need no slot of it", async () => {
    const inner = minute("inner", { queue: gpu, maxActiveRuns: 1 });
    const outer = definePipeline(
      { name: "outer", params: z.strictObject({}), queue: gpu },
      ({ map }) => void map("inner", [1, 2, 3], (n) => child(inner, { seconds: n })),
    );
    const memory = new MemoryEngine([inner, outer]);
    const ids = await beginAll(memory, "outer", 2);
    await work(memory);
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "QUEUED"]);
    expect(await holders(memory, "queue/gpu")).toEqual([ids[0]]);
    expect(await holders(memory, "pipeline/inner")).toHaveLength(1);
    await pass(memory, 60);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    expect([await holders(memory, "queue/gpu"), await holders(memory, "pipeline/inner")]).toEqual([[], []]);
  });
});

describe("a limit that an operator changes", () => {
  const set = (memory: MemoryEngine, slots: number | null, limit = "queue/gpu") =>
    manage(memory.engine, { action: "limit", limit, slots });

  it("takes effect at once: raising it starts runs, lowering it lets running ones continue", async () => {
    const memory = new MemoryEngine([minute("work", { queue: workQueue("gpu", { limit: 1 }) })]);
    const ids = await beginAll(memory, "work", 6);
    expect(await set(memory, 4)).toEqual({ limit: "queue/gpu", slots: 4, held: 4 });
    expect((await statesOf(memory, ids)).filter((state) => state === "RUNNING")).toHaveLength(4);
    expect(await set(memory, 2)).toEqual({ limit: "queue/gpu", slots: 2, held: 4 });
    await cancelRun(memory.engine, ids[0] ?? "");
    await cancelRun(memory.engine, ids[1] ?? "");
    expect(await statesOf(memory, ids.slice(2))).toEqual(["RUNNING", "RUNNING", "QUEUED", "QUEUED"]);
    await cancelRun(memory.engine, ids[2] ?? "");
    expect(await statesOf(memory, ids.slice(3))).toEqual(["RUNNING", "RUNNING", "QUEUED"]);
  });

  it("to 0 starts no run, and after a reset is the definitions' limit", async () => {
    const memory = new MemoryEngine([minute("work", { maxActiveRuns: 2 })]);
    expect(await set(memory, 0, "pipeline/work")).toMatchObject({ held: 0 });
    const ids = await beginAll(memory, "work", 3);
    await pass(memory, 3600);
    expect(await statesOf(memory, ids)).toEqual(["QUEUED", "QUEUED", "QUEUED"]);
    expect(await set(memory, null, "pipeline/work")).toMatchObject({ slots: null, held: 2 });
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "RUNNING", "QUEUED"]);
  });

  it("must exist: an unknown limit is refused with the existing ones", async () => {
    const memory = new MemoryEngine([minute("work", { queue: workQueue("gpu") }), minute("free")]);
    for (const limit of ["pipeline/work", "pipeline/free", "pipeline/nowhere", "queue/gpus"])
      await expect(set(memory, 1, limit)).rejects.toThrow("limits are: queue/gpu");
    // A setting from before a deployment can still be given back.
    expect(await set(memory, null, "queue/gpus")).toMatchObject({ slots: null });
  });

  it("may be one that no definition sets", async () => {
    const memory = new MemoryEngine([minute("work", { queue: workQueue("open") })]);
    expect(await statesOf(memory, await beginAll(memory, "work", 9))).not.toContain("QUEUED");
    await set(memory, 9, "queue/open");
    expect(await statesOf(memory, await beginAll(memory, "work", 1))).toEqual(["QUEUED"]);
  });
});

/** Something that changes who holds a limit's only slot. There are already `runs` runs, and `limit` was set by hand. */
type Change = {
  runs: number;
  limit?: number;
  /** Whether there is one more run, the last, that failed. */
  failed?: true;
  make: (engine: Engine, ids: readonly string[]) => Promise<unknown>;
};
const limit = "pipeline/limited";
const start = (engine: Engine) => startByHand(engine, { pipeline: "limited", key: "one more" });
const changes: Readonly<Record<string, Change>> = {
  "a run ends": {
    runs: 2,
    make: (engine, [runId = ""]) =>
      handleStepMessage(engine, { runId, step: "wait", index: 0, epoch: 1 }, Number.POSITIVE_INFINITY),
  },
  "the run that has it is cancelled": { runs: 2, make: (engine, [runId = ""]) => cancelRun(engine, runId) },
  "a run that waits is cancelled": { runs: 2, make: (engine, [, runId = ""]) => cancelRun(engine, runId) },
  "a run starts and gets it": { runs: 0, make: start },
  "a run starts and waits": { runs: 1, make: start },
  "a run that failed is opened again": {
    runs: 1,
    failed: true,
    make: (engine, ids) => retryRun(engine, ids.at(-1) ?? ""),
  },
  "the limit is raised": { runs: 2, make: (engine) => changeLimit(engine, limit, 2) },
  "the limit is raised from nothing": { runs: 2, limit: 0, make: (engine) => changeLimit(engine, limit, 1) },
  "the limit is lowered below what is held": {
    runs: 2,
    limit: 2,
    make: (engine) => changeLimit(engine, limit, 1),
  },
  "the limit is given back": { runs: 2, limit: 0, make: (engine) => changeLimit(engine, limit, null) },
};

describe("a slot", () => {
  /** A worker dies at some call while it makes a change. Then an hour passes. */
  async function dying(at: number, when: "before" | "after", redelivered: boolean, change: Change) {
    const memory = new MemoryEngine([minute("limited", { maxActiveRuns: 1 })]);
    await memory.store.setLimit(limit, change.limit);
    const params = { seconds: 0, fails: true };
    const failed = change.failed ? [await begin(memory, "limited", { params })] : [];
    await work(memory);
    const ids = [...(await beginAll(memory, "limited", change.runs)), ...failed];
    await work(memory);
    memory.clock.moveTo(memory.clock.now() + 60_000);
    const { engine, life } = mortal(memory.engine, at, when);
    const [message] = memory.queue.receive();
    await change.make(engine, ids).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    if (redelivered && message !== undefined) await memory.queue.send([message], 720_000);
    // If the limit is still 0, the person asks again. That worker dies too, before it lets a run begin.
    if ((await memory.store.getSlots(limit)).limit === 0) await memory.store.setLimit(limit, 1);
    await pass(memory, 3600);
    return { memory, ids, life };
  }

  it.each(
    Object.entries(changes).flatMap(([name, change]) =>
      (["before", "after"] as const).flatMap((when) =>
        [true, false].map((redelivered) => ({ name, when, redelivered, change })),
      ),
    ),
  )(
    "is freed if a worker dies $when any call while $name (redelivered: $redelivered)",
    async ({ name, change, when, redelivered }) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const { memory, ids, life } = await dying(at, when, redelivered, change);
        expect(await holders(memory, "pipeline/limited")).toEqual([]);
        expect(await memory.store.waitingRuns("limited", 10)).toEqual([]);
        const stopped = change.failed ? ["FAILED"] : name.endsWith("cancelled") ? ["CANCELLED"] : [];
        const ends = ["SUCCEEDED", ...stopped];
        const { runs } = await memory.store.listRuns({ pipeline: "limited" }, 10);
        expect(runs.length).toBeGreaterThanOrEqual(ids.length);
        for (const { state } of runs) expect(ends).toContain(state);
        if (!life.died) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(2);
    },
  );

  it("is never held beyond the limit, in any order of starts and ends", async () => {
    const runs = fc.array(
      fc.record({
        seconds: fc.integer({ min: 0, max: 300 }),
        fails: fc.boolean(),
        priority: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 50, maxLength: 50 },
    );
    const property = fc.asyncProperty(runs, async (all) => {
      const memory = new MemoryEngine([minute("limited", { queue: workQueue("three", { limit: 3 }) })]);
      const admitRun = memory.store.admitRun.bind(memory.store);
      let most = 0;
      memory.store.admitRun = async (...args) => {
        // A slow worker: others do their part between its read and its write.
        await Promise.resolve();
        const outcome = await admitRun(...args);
        most = Math.max(most, (await memory.store.getSlots("queue/three")).holders.size);
        return outcome;
      };
      const ids = await Promise.all(
        all.map(({ priority, ...params }) => begin(memory, "limited", { params, priority })),
      );
      for (let second = 0; second < 7200; second += 1) {
        memory.clock.moveTo(memory.clock.now() + 1000);
        const messages = memory.queue.receive(100);
        const worked = messages.map((each) =>
          handleStepMessage(memory.engine, each, Number.POSITIVE_INFINITY),
        );
        await Promise.all(worked);
        if (second % 60 === 0) await pass(memory, 1);
      }
      expect(most).toBe(3);
      expect(await statesOf(memory, ids)).toEqual(all.map(({ fails }) => (fails ? "FAILED" : "SUCCEEDED")));
      expect(await holders(memory, "queue/three")).toEqual([]);
    });
    await fc.assert(property, { numRuns: 3 });
  });
});

describe("a run that waits for a slot", () => {
  it("is looked at again by the next sweep if the one that should admit it dies", async () => {
    const limited = definePipeline(
      { name: "limited", params: z.strictObject({}), maxActiveRuns: 1 },
      ({ step }) => {
        step(
          "work",
          lambda({}, () => 1),
        );
      },
    );
    const memory = new MemoryEngine([limited]);
    const admitRun = async () => {
      throw new Error("the worker dies");
    };
    const dying = {
      ...memory.engine,
      store: Object.assign(Object.create(memory.engine.store), { admitRun }),
    };
    await expect(startManually(dying, { pipeline: "limited" })).rejects.toThrow("dies");
    memory.clock.moveTo(memory.clock.now() + 130_000);
    await sweepRuns(dying);
    memory.clock.moveTo(memory.clock.now() + 130_000);
    await sweepRuns(memory.engine);
    const { runs } = await memory.store.listRuns({}, 1);
    expect(runs).toMatchObject([{ state: "RUNNING" }]);
  });
});
