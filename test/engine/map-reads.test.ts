import * as z from "zod";
import { countedReads } from "../../bench/engine-reads.ts";
import {
  batch,
  defineJob,
  definePipeline,
  eq,
  flatten,
  type Json,
  lambda,
  maybe,
  type Ref,
  repeat,
} from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, runOf } from "./driving.ts";

const sized = z.strictObject({ size: z.int() });
const upTo = ({ size }: { size: number }): number[] => Array.from({ length: size }, (_, place) => place);

/** Runs a pipeline of this size. @returns the run's result, and what the costliest child of "reader" read */
async function readsOf(build: Build, size: number): Promise<{ result: Json; reads: number }> {
  const pipeline = definePipeline({ name: "reading", params: sized }, ({ params, step, map }) => {
    const list = step("list", lambda({ size: params.size }, upTo));
    const other = map("other", list, (n) => lambda({ n }, ({ n }) => [n, [n]]));
    const reader = build({ list, other, map });
    // It's large, so no child's worker goes on with it.
    return step(
      "all",
      lambda({ reader }, ({ reader }) => reader),
      { size: "large" },
    );
  });
  const failed = new Set<string>();
  const memory = new MemoryEngine([pipeline], {
    "reads.pass": (input) => {
      const text = JSON.stringify(input);
      if (!failed.has(text)) {
        failed.add(text);
        throw new Error("not at first");
      }
      return input;
    },
  });
  const sound = memory.engine;
  const costs: number[] = [];
  memory.handleMessages = async () => {
    let handled = 0;
    for (const { queue, workerSize } of memory.lanes) {
      for (const message of queue.receive()) {
        handled += 1;
        const { engine, reads } = countedReads({ ...sound, workerSize });
        await handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
        if (message.step === "reader" && message.index !== "map") costs.push(reads.records + reads.objects);
      }
    }
    return handled;
  };
  const runId = await begin(memory, "reading", { params: { size } });
  await memory.finish(runId);
  expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
  const all = await sound.store.getStep({ runId, step: "all", index: 0 });
  const output = all !== undefined && "output" in all ? all.output : undefined;
  const result =
    output === undefined || "value" in output
      ? (output?.value ?? null)
      : JSON.parse(new TextDecoder().decode(await sound.objects.get(output.uri)));
  return { result, reads: Math.max(...costs) };
}

type MapOf = Parameters<Parameters<typeof definePipeline<typeof sized, void>>[1]>[0]["map"];
type Sources = { list: Ref<number[]>; other: Ref<(number | number[])[][]>; map: MapOf };
type Build = (sources: Sources) => Ref<Json[]>;

const pass = defineJob("reads.pass", {
  input: z.json(),
  output: z.json(),
  resources: { vcpus: 1, memory: 512 },
});
const same = ({ item }: { item: Json }): Json => item;
const each = (item: Ref<unknown>) => lambda({ item: item as Ref<Json> }, same);
const count = ({ item, all }: { item: number; all: readonly Json[] }): Json => [item, all.length];
const pairs = (size: number) => upTo({ size }).map((n) => [n, [n]]);

/** Every way in which a map's children can get results of another map, with the result that all of them make. */
const forms: Readonly<Record<string, { build: Build; expected: (size: number) => Json }>> = {
  "a map over another map's results": {
    build: ({ other, map }) => map("reader", other, each),
    expected: pairs,
  },
  "a map over the flattened results": {
    build: ({ other, map }) => map("reader", flatten(other), each),
    expected: (size) => pairs(size).flat(1),
  },
  "a map over the results of several maps and a list": {
    build: ({ other, list, map }) => map("reader", flatten([other, list, other]), each),
    expected: (size) => [...pairs(size), ...upTo({ size }), ...pairs(size)],
  },
  "a map over results that may be absent": {
    build: ({ other, list, map }) => map("reader", flatten([maybe(other), list]), each),
    expected: (size) => [...pairs(size), ...upTo({ size })],
  },
  "a map over lists within a list": {
    build: ({ other, map }) => map("reader", flatten([flatten(other)]), each),
    expected: (size) => pairs(size).flat(1),
  },
  "children whose input contains all results": {
    build: ({ other, list, map }) => map("reader", list, (item) => lambda({ item, all: other }, count)),
    expected: (size) => upTo({ size }).map((n) => [n, size]),
  },
  "children whose input contains all results, flattened": {
    build: ({ other, list, map }) =>
      map("reader", list, (item) => lambda({ item, all: flatten(other) }, count)),
    expected: (size) => upTo({ size }).map((n) => [n, 2 * size]),
  },
  "children that repeat until all results say so": {
    build: ({ other, list, map }) =>
      map("reader", list, (item) =>
        repeat(lambda({ item }, same), { until: () => eq(other, other), limit: 2, delay: 1 }),
      ),
    expected: (size) => upTo({ size }),
  },
  "cached children": {
    build: ({ other, map }) => map("reader", flatten(other), each, { cache: { version: "1" } }),
    expected: (size) => pairs(size).flat(1),
  },
  "jobs that are tried once more": {
    build: ({ other, map }) =>
      map("reader", flatten([other, other]), (item) => batch(pass, item as Ref<Json>), { retries: 1 }),
    expected: (size) => [...pairs(size), ...pairs(size)],
  },
};

describe("what a child of a map reads doesn't grow with the number of results that it comes from", () => {
  it.each(Object.entries(forms))("in %s", async (_form, { build, expected }) => {
    const [few, many] = [await readsOf(build, 12), await readsOf(build, 120)];
    expect(few.result).toEqual(expected(12));
    expect(many.result).toEqual(expected(120));
    expect(many.reads).toBeLessThanOrEqual(few.reads);
    expect(many.reads).toBeLessThan(10);
  });
});
