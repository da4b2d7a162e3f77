import * as z from "zod";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { MemoryEngine, testPipeline } from "../../shared/testing/test-pipeline.ts";

const sized = z.strictObject({ size: z.int() });
type Item = { place: number; seen: number[] };
const itemsUpTo = ({ size }: { size: number }): Item[] =>
  Array.from({ length: size }, (_, place) => ({ place, seen: [] }));

describe("a map over the largest list there may be", () => {
  const size = 10_000;

  it("commits each of its 10,000 children once, and reads the list once", async () => {
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
    expect(reads).toHaveLength(1);
  });
});

describe("what children of one map share", () => {
  /** Changes all that it gets, as functions sometimes do. */
  const changing = (input: object) => {
    const { item, all } = input as { item: Item; all: Item[] };
    const first = all[0]?.seen.length ?? -1;
    item.seen.push(item.place);
    for (const { seen } of all) seen.push(item.place);
    all.reverse();
    return { seen: item.seen, first };
  };

  it("is not changed by a child that changes its input", async () => {
    const pipeline = definePipeline({ name: "changing", params: sized }, ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, itemsUpTo));
      map("child", items, (item) => lambda({ item, all: items }, changing));
    });
    // A list of 300 is over 4 KB, so that it lies in S3 and is remembered.
    const { outputs } = await testPipeline(pipeline, { params: { size: 300 } });
    expect(outputs.child).toEqual(Array.from({ length: 300 }, (_, place) => ({ seen: [place], first: 0 })));
    expect(outputs.list).toEqual(itemsUpTo({ size: 300 }));
  });

  it("is not changed by a job's stand-in that changes its input", async () => {
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
