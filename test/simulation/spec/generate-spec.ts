import type { Random } from "../random.ts";
import {
  always,
  type Failing,
  type OverSpec,
  type PipelineSpec,
  type RetriesSpec,
  type StepSpec,
  type WhenSpec,
  type WorkSpec,
} from "./pipeline-spec.ts";

/** How the steps of a pipeline hang together. */
type Shape = "chain" | "diamond" | "free" | "wide";

function retriesFor(random: Random): RetriesSpec {
  const limit = random.pick([0, 0, 1, 2, 3]);
  const delay = random.pick([undefined, 0, 1, 30, [1, 5, 60], { base: 1, factor: 3, max: 120 }, 1200]);
  return { limit, ...(delay !== undefined && { delay }) };
}

function failingFor(random: Random, { limit }: RetriesSpec, mapped: boolean): Failing | undefined {
  const often = random.next();
  if (often < 0.6) return undefined;
  // Mostly a failure that retries mend; else one that ends the step.
  const times = often < 0.9 && limit > 0 ? random.between(1, limit) : random.pick([limit + 1, always]);
  const ends = times > limit;
  return {
    times,
    how: random.pick(ends ? (["error", "error", "fatal"] as const) : (["error", "error", "after"] as const)),
    ...(mapped && random.chance(0.7) && { every: random.between(2, 4) }),
    ...(ends && random.chance(0.6) && { healed: random.pick([2, 2, 3]) }),
  };
}

/** Lists are mostly short; some are empty, a few are long enough for a second shard. */
function listLength(random: Random): number {
  const draw = random.next();
  if (draw < 0.12) return 0;
  if (draw < 0.997) return random.between(1, random.pick([2, 4, 8, 12]));
  return random.between(190, 230);
}

function overFor(random: Random, earlier: readonly StepSpec[]): OverSpec | undefined {
  const mapped = earlier.filter(({ over }) => over !== undefined);
  const single = earlier.filter(({ over }) => over === undefined);
  const draw = random.next();
  if (draw < 0.15 && mapped.length > 0) return { form: "children", step: random.pick(mapped).name };
  if (draw < 0.25 && single.length > 1)
    return { form: "flatten", steps: [random.pick(single).name, random.pick(single).name] };
  if (draw < 0.8 && single.length > 0) return { form: "list", step: random.pick(single).name };
  return { form: "literal", size: listLength(random) };
}

function whenFor(random: Random, earlier: readonly StepSpec[]): WhenSpec | undefined {
  const single = earlier.filter(({ over }) => over === undefined);
  if (single.length === 0 || !random.chance(0.2)) return undefined;
  return {
    step: random.pick(single).name,
    test: random.pick(["flag", "not flag", "above", "either"] as const),
    bound: random.between(0, 999),
  };
}

function upstreamFor(random: Random, shape: Shape, earlier: readonly StepSpec[]): string[] {
  const names = earlier.map(({ name }) => name);
  const last = names.slice(-1);
  if (shape === "chain") return last;
  if (shape === "wide") return random.chance(0.7) ? names.slice(0, 1) : names.slice(1);
  if (shape === "diamond") return names.length % 3 === 0 ? names.slice(-2) : names.slice(0, 1);
  return random.some(names, 3);
}

function stepFor(random: Random, shape: Shape, earlier: readonly StepSpec[]): StepSpec {
  const over = random.chance(0.3) ? overFor(random, earlier) : undefined;
  const retries = retriesFor(random);
  const failing = failingFor(random, retries, over !== undefined);
  const work: WorkSpec = {
    kind: random.chance(0.65) ? "lambda" : "batch",
    list: over === undefined ? listLength(random) : random.between(0, 3),
    ...(random.chance(0.06) && { big: true }),
    ...(failing && { failing }),
  };
  const upstream = upstreamFor(random, shape, earlier);
  // Some of what a step follows it follows without data.
  const after = upstream.filter(() => random.chance(0.2));
  const when = whenFor(random, earlier);
  return {
    name: `s${earlier.length}`,
    work,
    uses: upstream.filter((name) => !after.includes(name)),
    after,
    ...(over && { over }),
    ...(when && { when }),
    retries,
  };
}

/** A random pipeline of one to eight steps, most of them small. */
export function generateSpec(random: Random): PipelineSpec {
  const shape = random.pick(["chain", "diamond", "free", "free", "wide"] as const);
  const size = random.pick([1, 2, 3, 3, 4, 4, 5, 6, 8]);
  const steps: StepSpec[] = [];
  while (steps.length < size) steps.push(stepFor(random, shape, steps));
  return { steps };
}
