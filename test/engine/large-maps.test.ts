import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  lambda,
  wait,
} from "../../shared/pipeline/index.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, mortal, pass, runOf, work } from "./driving.ts";

const sized = z.strictObject({ size: z.int() });
type Item = { place: number; seen: number[] };
const itemsUpTo = ({ size }: { size: number }): Item[] =>
  Array.from({ length: size }, (_, place) => ({ place, seen: [] }));

describe("a map over the largest allowed list", () => {
  const size = 10_000;

  it("commits each of its 10,000 children once, and reads the list and each part of it once", async () => {
    const calls = new Map<number, number>();
    const pipeline = definePipeline({ name: "widest", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, itemsUpTo));
      map("child", items, (item) =>
        lambda({ item }, ({ item: { place } }) => {
          calls.set(place, (calls.get(place) ?? 0) + 1);
          return place;
        }),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const reads: string[] = [];
    const commits: string[] = [];
    const { objects, store } = memory.engine;
    const get = objects.get.bind(objects);
    objects.get = (uri) => {
      reads.push(uri);
      return get(uri);
    };
    const putStep = store.putStep.bind(store);
    store.putStep = async (record, expected) => {
      const put = await putStep(record, expected);
      if (put.ok && record.step === "child" && record.state === "SUCCEEDED")
        commits.push(String(record.index));
      return put;
    };
    const request = { pipeline: pipeline.name, params: { size }, causeKey: "test" };
    const { runId } = await startRun(memory.engine, { ...request, cause: { kind: "manual" } });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");

    const children = (await store.listSteps(runId, "child")).filter(({ index }) => index !== "map");
    expect(children.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(
      Array(size).fill("SUCCEEDED 1"),
    );
    expect(calls.size).toBe(size);
    expect([...calls.values()].every((count) => count === 1)).toBe(true);
    expect(commits).toHaveLength(size + 1);
    expect(new Set(commits).size).toBe(size + 1);
    // The list, the numbers of its parts, and the parts.
    expect(reads).toHaveLength(1 + 1 + size / 200);
    expect(new Set(reads).size).toBe(reads.length);
  });
});

describe("data shared by children of one map", () => {
  /** Changes everything it gets, as functions sometimes do. */
  const changing = (input: object) => {
    const { item, all } = input as { item: Item; all: Item[] };
    const first = all[0]?.seen.length ?? -1;
    item.seen.push(item.place);
    for (const { seen } of all) seen.push(item.place);
    all.reverse();
    return { seen: item.seen, first };
  };

  it("isn't changed by a child that changes its input", async () => {
    const pipeline = definePipeline({ name: "changing", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, itemsUpTo));
      map("child", items, (item) => lambda({ item, all: items }, changing));
    });
    // A list of 300 is over 4 KB, so it's in S3 and is remembered.
    const { outputs } = await testPipeline(pipeline, { params: { size: 300 } });
    expect(outputs.child).toEqual(Array.from({ length: 300 }, (_, place) => ({ seen: [place], first: 0 })));
    expect(outputs.list).toEqual(itemsUpTo({ size: 300 }));
  });

  it("isn't changed by a job's stand-in that changes its input", async () => {
    const item = z.object({ place: z.number(), seen: z.array(z.number()).readonly() });
    const work = defineJob("bench.change", {
      input: z.object({ item }),
      output: z.object({ item }),
      resources: { vcpus: 1, memory: 512 },
    });
    const pipeline = definePipeline({ name: "changing-jobs", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, itemsUpTo));
      map("child", items, (one) => batch(work, { item: one }));
    });
    const seen: number[] = [];
    const { state } = await testPipeline(pipeline, {
      params: { size: 3 },
      jobs: {
        "bench.change": (input) => {
          const given = input as { item: Item };
          seen.push(given.item.seen.length);
          given.item.seen.push(1);
          return { item: given.item };
        },
      },
    });
    expect(state).toBe("SUCCEEDED");
    expect(seen).toEqual([0, 0, 0]);
  });
});

const halve = defineJob("bench.halve", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

/** Counts the calls of a port's methods from now on. */
function counted<T extends object>(port: T, methods: readonly (keyof T)[]) {
  const calls = { count: 0 };
  for (const method of methods) {
    const call = port[method] as (...args: unknown[]) => unknown;
    port[method] = ((...args: unknown[]) => {
      calls.count += 1;
      return call.apply(port, args);
    }) as T[typeof method];
  }
  return calls;
}

/** Numbers from 0. */
const upTo = ({ size }: { size: number }): number[] => Array.from({ length: size }, (_, place) => place);

describe("a map of the most jobs that are allowed", () => {
  const size = 10_000;

  it("is one array job, whose failed children are retried, and retried once more by hand", async () => {
    const pipeline = definePipeline({ name: "most-jobs", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, upTo));
      map("halve", items, (n) => batch(halve, { n }), { retries: 1 });
    });
    const tries = new Map<number, number>();
    const memory = new MemoryEngine([pipeline], {
      "bench.halve": (input) => {
        const { n } = input as { n: number };
        const tried = (tries.get(n) ?? 0) + 1;
        tries.set(n, tried);
        // Three children fail once. One of them fails a second time, and has no retries left then.
        if (tried === 1 && [7, 5000, 9999].includes(n)) throw new Error("not at first");
        if (tried === 2 && n === 5000) throw new Error("nor at second");
        return { n: n / 2 };
      },
    });
    const runId = await begin(memory, "most-jobs", { params: { size } });
    expect(await memory.finish(runId)).toMatchObject({
      state: "FAILED",
      error: { step: "halve[5000]", message: "nor at second" },
    });
    // The array, and a separate job for each second try.
    expect(memory.batch.submitted()).toHaveLength(1 + 3);

    const joins = counted(memory.store, ["joinTally"]);
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(memory.batch.submitted()).toHaveLength(1 + 3 + 1);
    expect([...tries.values()].reduce((sum, count) => sum + count, 0)).toBe(size + 4);
    // Joins of the epoch before aren't repeated.
    expect(joins.count).toBeLessThan(10);
  });
});

describe("a cancel of a large map", () => {
  const size = 1000;
  const sleeper = definePipeline({ name: "sleeper", params: z.strictObject({}) }, ({ step }) => {
    step("nap", wait({ seconds: 36_000 }));
  });
  const failing = () => {
    throw new Error("later");
  };

  it.each<[string, Parameters<typeof definePipeline<typeof sized, void>>[1]]>([
    [
      "approvals",
      ({ params, step, map }) => {
        const items = step("list", lambda({ size: params.size }, upTo));
        map("it", items, () => approval({ deadline: 36_000 }));
      },
    ],
    [
      "children",
      ({ params, step, map }) => {
        const items = step("list", lambda({ size: params.size }, upTo));
        map("it", items, () => child(sleeper, {}));
      },
    ],
    [
      "functions that wait for their retry",
      ({ params, step, map }) => {
        const items = step("list", lambda({ size: params.size }, upTo));
        map("it", items, () => lambda({}, failing), { retries: { limit: 1, delay: 800 } });
      },
    ],
  ])("of %s is shared among workers, and completes without the sweep", async (_kind, build) => {
    const memory = new MemoryEngine([definePipeline({ name: "large", params: sized }, build), sleeper]);
    const runId = await begin(memory, "large", { params: { size } });
    await work(memory);
    expect(await memory.store.listSteps(runId, "it")).toHaveLength(size + 1);
    const writes = counted(memory.store, ["putStep"]);
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLING");
    expect(writes.count).toBeLessThan(10);
    let maxActive = 0;
    for (let messages = memory.queue.receive(); messages.length > 0; messages = memory.queue.receive()) {
      for (const message of messages) {
        writes.count = 0;
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
        maxActive = Math.max(maxActive, writes.count);
      }
    }
    // A child that is a run takes two writes: its own record, and the record of the run's step.
    expect(maxActive).toBeLessThanOrEqual(2 * 200);
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
    const { runs } = await memory.store.listRuns({}, 2 * size);
    expect(runs.filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
    const states = (await memory.store.listSteps(runId, "it")).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["CANCELLED"]));
  });

  it.each(["before", "after"] as const)(
    "continues if a worker dies %s a call and its message is lost",
    async (when) => {
      const asking = definePipeline({ name: "asking", params: sized }, ({ params, step, map }) => {
        const items = step("list", lambda({ size: params.size }, upTo));
        map("it", items, () => approval({ deadline: 36_000 }));
      });
      let points = 0;
      for (let at = 1; ; at += 47) {
        const memory = new MemoryEngine([asking]);
        const runId = await begin(memory, "asking", { params: { size: 401 } });
        await work(memory);
        const sound = memory.engine;
        const { engine, life } = mortal(sound, at, when);
        memory.engine = engine;
        await cancelRun(engine, runId)
          .then(() => work(memory))
          .catch((error: unknown) => {
            if (!(error instanceof Crash)) throw error;
          });
        memory.engine = sound;
        await cancelRun(sound, runId);
        await pass(memory, 150);
        expect((await runOf(memory, runId)).state).toBe("CANCELLED");
        const records = await memory.store.listSteps(runId, "it");
        expect(records.filter(({ state }) => state !== "CANCELLED")).toEqual([]);
        if (!life.died) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(8);
    },
  );

  it("of jobs terminates the array, and makes no call to Batch for single children", async () => {
    const pipeline = definePipeline({ name: "large", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, upTo));
      map("it", items, (n) => batch(halve, { n }));
    });
    const memory = new MemoryEngine([pipeline], { "bench.halve": () => ({ n: 1 }) });
    const runId = await begin(memory, "large", { params: { size } });
    await work(memory);
    for (const { id } of memory.batch.waiting()) memory.batch.wait(id);
    await work(memory);
    expect(await memory.store.listSteps(runId, "it")).toHaveLength(size + 1);
    const calls = counted(memory.batch, ["describe", "terminate"]);
    await cancelRun(memory.engine, runId);
    expect(memory.batch.waiting()).toEqual([]);
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    await work(memory);
    expect(calls.count).toBeLessThan(30);
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
    const records = await memory.store.listSteps(runId, "it");
    expect(new Set(records.map(({ state }) => state))).toEqual(new Set(["CANCELLED"]));
  });
});
