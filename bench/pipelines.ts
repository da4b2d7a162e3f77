import * as z from "zod";
import { batch, child, defineJob, definePipeline, lambda, type Pipeline } from "../shared/pipeline/index.ts";

/** Steps of {@link chain}. */
export const chainLength = 100;

type Count = { count: number };
type Item = { place: number };

const first = (): Count => ({ count: 1 });
const next = ({ previous }: { previous: Count }): Count => ({ count: previous.count + 1 });
const itemsUpTo = ({ size }: { size: number }): Item[] =>
  Array.from({ length: size }, (_, place) => ({ place }));
const double = ({ item }: { item: Item }): Item => ({ place: item.place * 2 });

/** Lambda steps in a chain. Each gets the result of the one before. */
function chainOf(length: number, name: string): Pipeline {
  return definePipeline({ name, params: z.strictObject({}) }, ({ step }) => {
    let last = step("step_000", lambda({}, first));
    for (let place = 1; place < length; place += 1) {
      last = step(`step_${String(place).padStart(3, "0")}`, lambda({ previous: last }, next));
    }
  });
}

/** The chain of most measurements. */
export const chain = chainOf(chainLength, "bench-chain");

/** Longer chains, by length, for the comparison with another engine. */
export const longChains: ReadonlyMap<number, Pipeline> = new Map(
  [200, 1000].map((length) => [length, chainOf(length, `bench-chain-${length}`)]),
);

/** A step that makes a list, and one Lambda step for each of its items. */
export const wide = definePipeline(
  { name: "bench-map", params: z.strictObject({ size: z.int().positive().max(10_000) }) },
  ({ params, step, map }) => {
    const items = step("list", lambda({ size: params.size }, itemsUpTo));
    map("child", items, (item) => lambda({ item }, double));
  },
);

const join = ({ left, right }: { left: Count; right: Count }): Count => ({ count: left.count + right.count });

/** A step, two steps that use its result, and one that uses both of theirs. */
export const diamond = definePipeline({ name: "bench-diamond", params: z.strictObject({}) }, ({ step }) => {
  const top = step("top", lambda({}, first));
  const left = step("left", lambda({ previous: top }, next));
  const right = step("right", lambda({ previous: top }, next));
  step("bottom", lambda({ left, right }, join));
});

/** A run of one step, and a run whose only step is that run. */
export const lower = definePipeline({ name: "bench-lower", params: z.strictObject({}) }, ({ step }) => {
  step("only", lambda({}, first));
});
export const upper = definePipeline({ name: "bench-upper", params: z.strictObject({}) }, ({ step }) => {
  step("below", child(lower, {}));
});

const work = defineJob("bench.work", {
  input: z.object({ previous: z.object({ count: z.number() }) }),
  output: z.object({ count: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

/** A Batch step between two Lambda steps. */
export const job = definePipeline({ name: "bench-job", params: z.strictObject({}) }, ({ step }) => {
  const before = step("before", lambda({}, first));
  const made = step("work", batch(work, { previous: before }));
  step("after", lambda({ previous: made }, next));
});

const workAtPlace = defineJob("bench.place", {
  input: z.object({ place: z.number() }),
  output: z.object({ place: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

/** A step that makes a list, and one Batch job for each of its items: an array job. */
export const jobs = definePipeline(
  { name: "bench-jobs", params: z.strictObject({ size: z.int().positive().max(10_000) }) },
  ({ params, step, map }) => {
    const items = step("list", lambda({ size: params.size }, itemsUpTo));
    map("child", items, (item) => batch(workAtPlace, item));
  },
);

/**
 * A map over the results of another map. Each child reads one result, not the whole list.
 *
 * @param onChild called by each child of the second map
 */
export function relay(onChild: () => void): Pipeline {
  return definePipeline(
    { name: "bench-relay", params: z.strictObject({ size: z.int().positive().max(10_000) }) },
    ({ params, step, map }) => {
      const items = step("list", lambda({ size: params.size }, itemsUpTo));
      const doubled = map("child", items, (item) => lambda({ item }, double));
      map("again", doubled, (item) =>
        lambda({ item }, (input) => {
          onChild();
          return double(input);
        }),
      );
    },
  );
}

/** The catalogue that the measurements deploy, instead of the product's `pipelines/index.ts`. */
export const pipelines: readonly Pipeline[] = [
  chain,
  ...longChains.values(),
  wide,
  diamond,
  lower,
  upper,
  job,
];
