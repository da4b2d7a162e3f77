import type { TaskKind } from "../../../shared/pipeline/graph.ts";
import type { Random } from "../random.ts";
import {
  always,
  type BackfillSpec,
  type Failing,
  isPure,
  isWaiting,
  type OverSpec,
  type PipelineSpec,
  type PurePipelineSpec,
  type PureWork,
  type RetriesSpec,
  type StepSpec,
  type WhenSpec,
  type WorkSpec,
} from "./pipeline-spec.ts";

/** How the steps of a pipeline depend on each other. */
type Shape = "chain" | "diamond" | "free" | "wide";

function retriesFor(random: Random): RetriesSpec {
  const limit = random.pick([0, 0, 1, 2, 3]);
  const delay = random.pick([undefined, 0, 1, 30, [1, 5, 60], { base: 1, factor: 3, max: 120 }, 1200]);
  const on = random.chance(0.08) ? [random.pick(["Error", "OtherError"])] : undefined;
  return { limit, ...(delay !== undefined && { delay }), ...(on && { on }) };
}

function failingFor(random: Random, { limit }: RetriesSpec, mapped: boolean): Failing | undefined {
  const often = random.next();
  if (often < 0.6) return undefined;
  // Usually, retries overcome the failure. Otherwise it makes the step fail.
  const times = often < 0.9 && limit > 0 ? random.between(1, limit) : random.pick([limit + 1, always]);
  const ends = times > limit;
  return {
    times,
    how: random.pick(ends ? (["error", "error", "fatal"] as const) : (["error", "error", "after"] as const)),
    ...(mapped && random.chance(0.7) && { every: random.between(2, 4) }),
    ...(ends && random.chance(0.6) && { healed: random.pick([2, 2, 3]) }),
  };
}

/** Lists are mostly short. Some are empty, and a few are long enough for a second shard. */
function listLength(random: Random): number {
  const draw = random.next();
  if (draw < 0.12) return 0;
  if (draw < 0.993) return random.between(1, random.pick([2, 4, 8, 12]));
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

/** Steps whose results others may use. Steps that wait have no useful result. */
function withResults(steps: readonly StepSpec[]): StepSpec[] {
  return steps.filter(({ work }) => !isWaiting(work));
}

function pureFor(random: Random, retries: RetriesSpec, mapped: boolean): PureWork {
  const failing = failingFor(random, retries, mapped);
  return {
    kind: random.chance(0.65) ? "lambda" : "batch",
    list: mapped ? random.between(0, 3) : listLength(random),
    ...(random.chance(0.06) && { big: true }),
    ...(failing && { failing }),
    ...(random.chance(0.06) && { passes: random.between(1, 5) }),
  };
}

function childFor(random: Random, name: string): WorkSpec {
  const steps: StepSpec[] = [];
  for (let size = random.between(1, 3); size > 0; size -= 1) {
    const earlier = steps.map((step) => step.name);
    const retries = retriesFor(random);
    const uses = random.some(earlier, 2);
    steps.push({
      name: `${name}_${steps.length}`,
      work: pureFor(random, retries, false),
      uses,
      after: [],
      retries,
    });
  }
  return { kind: "child", pipeline: { steps, ...(random.chance(0.1) && { maxActiveRuns: 1 }) } };
}

/** Makes the work of a step. */
type WorkMaker = (random: Random, name: string, retries: RetriesSpec, mapped: boolean) => WorkSpec;

function waitFor(random: Random): WorkSpec {
  return { kind: "wait", seconds: random.pick([0, 1, 40, 1000]), form: random.pick(["seconds", "until"]) };
}

function approvalFor(random: Random): WorkSpec {
  const answer = random.pick(["yes", "yes", "no", "none"] as const);
  const byDefault = random.pick([undefined, "approve", "reject"] as const);
  return { kind: "approval", answer, ...(byDefault && { byDefault }) };
}

function objectFor(random: Random): WorkSpec {
  const lands = random.pick([0, 5, 30, 120, 120, undefined]);
  return { kind: "object", ...(lands !== undefined && { lands }) };
}

const pureWork: WorkMaker = (random, _name, retries, mapped) => pureFor(random, retries, mapped);

/**
 * How each kind of work is made, and its share of the steps. The shares add up to 1. A step kind without a row is a
 * compile error, so that no kind is missing from the random pipelines.
 */
const kinds: Readonly<Record<TaskKind, { readonly share: number; readonly make: WorkMaker }>> = {
  child: { share: 0.05, make: (random, name) => childFor(random, name) },
  wait: { share: 0.08, make: waitFor },
  approval: { share: 0.05, make: approvalFor },
  // `waitingOtherwise` replaces other waits by these, so that a seed keeps the rest of its pipeline.
  object: { share: 0, make: objectFor },
  // `pureFor` draws which of the two it is, with the rest of the work.
  batch: { share: 0, make: pureWork },
  lambda: { share: 0.82, make: pureWork },
};

const workFor: WorkMaker = (random, name, retries, mapped) => {
  const draw = random.next();
  let sum = 0;
  const drawn = Object.values(kinds).find(({ share }) => {
    sum += share;
    return draw < sum;
  });
  // Some waits are mapped later, by `waitingOtherwise`.
  const isMappable = drawn === kinds.child || drawn === undefined || !mapped;
  return (isMappable ? (drawn ?? kinds.lambda) : kinds.lambda).make(random, name, retries, mapped);
};

/** A step that may run although the steps before it didn't succeed. All the data it takes is optional. */
function ruledStep(random: Random, step: StepSpec): StepSpec {
  const { when: _when, over: _over, ...plain } = step;
  const rule = random.pick(["all_done", "any_failed", "any_succeeded", undefined] as const);
  return { ...plain, optional: true, ...(rule && { rule }) };
}

function stepFor(random: Random, shape: Shape, earlier: readonly StepSpec[], make: WorkMaker): StepSpec {
  const name = `s${earlier.length}`;
  const usable = withResults(earlier);
  const over = random.chance(0.3) ? overFor(random, usable) : undefined;
  const retries = retriesFor(random);
  const work = make(random, name, retries, over !== undefined);
  const upstream = upstreamFor(random, shape, earlier);
  // A step takes data only from some of the steps it follows.
  const isUsed = (each: string) =>
    isPure(work) && usable.some((step) => step.name === each) && random.chance(0.8);
  const uses = upstream.filter(isUsed);
  const when = whenFor(random, usable);
  const step: StepSpec = {
    name,
    work,
    uses,
    after: upstream.filter((each) => !uses.includes(each)),
    ...(over && { over }),
    ...(when && { when }),
    ...(work.kind === "lambda" &&
      work.passes === undefined &&
      !over &&
      random.chance(0.1) && { cache: true }),
    retries,
  };
  return upstream.length > 0 && random.chance(0.08) ? ruledStep(random, step) : step;
}

/** A step that a person's retry doesn't fix. */
function withoutHealed(step: StepSpec): StepSpec {
  if (!isPure(step.work) || step.work.failing === undefined) return step;
  const { healed: _healed, ...failing } = step.work.failing;
  return { ...step, work: { ...step.work, failing } };
}

/**
 * If a step may run after a failure, or takes what another run made, its result depends on the epoch it ran in. Then
 * all epochs have to be alike.
 */
function withoutHealing(steps: readonly StepSpec[]): readonly StepSpec[] {
  const depends = steps.some(
    ({ rule, optional, work, cache }) =>
      rule !== undefined || optional === true || cache === true || work.kind === "child",
  );
  if (!depends) return steps;
  return steps.map((step) =>
    step.work.kind === "child"
      ? {
          ...step,
          work: {
            kind: "child",
            pipeline: { ...step.work.pipeline, steps: step.work.pipeline.steps.map(withoutHealed) },
          },
        }
      : withoutHealed(step),
  );
}

/** Whether a step may have hundreds of children. */
function isWide({ over }: StepSpec): boolean {
  return over !== undefined && !(over.form === "literal" && over.size <= 20);
}

/**
 * Removes what would take too long with hundreds of children: large results, all of which each job of another map may
 * get, and a limit of one run at a time.
 */
function withoutEndless(steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((step) => {
    const { work } = step;
    if (!isWide(step)) return step;
    if (work.kind === "child") {
      const { maxActiveRuns: _maxActiveRuns, ...pipeline } = work.pipeline;
      return { ...step, work: { ...work, pipeline } };
    }
    if (!isPure(work) || work.big !== true) return step;
    const { big: _big, ...small } = work;
    return { ...step, work: small };
  });
}

function stepsFor(random: Random, make: WorkMaker): readonly StepSpec[] {
  const shape = random.pick(["chain", "diamond", "free", "free", "wide"] as const);
  const size = random.pick([1, 2, 3, 3, 4, 4, 5, 6, 8]);
  const steps: StepSpec[] = [];
  while (steps.length < size) steps.push(stepFor(random, shape, steps, make));
  return withoutEndless(withoutHealing(steps));
}

/** Makes some functions large. Drawn last, so that a seed's pipeline otherwise stays the same as without sizes. */
function sized<S extends StepSpec>(random: Random, steps: readonly S[]): S[] {
  return steps.map((step) =>
    step.work.kind === "lambda" && random.chance(0.2) ? { ...step, size: "large" } : step,
  );
}

/** Makes some waiting steps wait for an object, or wait once for each item of a list. */
function waitingOtherwise(random: Random, steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((step) => {
    if (!isWaiting(step.work)) return step;
    const object = kinds.object.make(random, step.name, step.retries, step.over !== undefined);
    const { when: _when, ...plain } = step;
    const mapped = random.chance(0.3) && step.optional !== true;
    const size = random.between(0, 3);
    return {
      ...(mapped ? { ...plain, over: { form: "literal", size } } : step),
      ...(random.chance(0.4) && { work: object }),
    };
  });
}

/** Lets some maps over another map's results take them as a flattened list, alone or behind another step's list. */
function flattened(random: Random, steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((step, place) => {
    if (step.over?.form !== "children" || !random.chance(0.5)) return step;
    const before = steps.slice(0, place).filter(({ over, work }) => over === undefined && isPure(work));
    const lists = before.length > 0 && random.chance(0.5) ? [random.pick(before).name] : [];
    const isKnown = [step.uses, step.after].flat().includes(lists[0] ?? "");
    return { ...step, over: { form: "flatten", steps: [...(isKnown ? lists : []), step.over.step] } };
  });
}

/** How long runs may take, when they begin, and what they share. */
function limitsFor(random: Random, several: boolean): Partial<PipelineSpec> {
  return {
    ...(random.chance(0.08) && { timeout: random.pick([20, 120, 900, 3600]) }),
    ...(random.chance(0.05) && { startsIn: random.pick([30, 400]) }),
    ...(random.chance(several ? 0.4 : 0.04) && { queue: random.pick([1, 1, 2]) }),
    ...(several && random.chance(0.2) && { cancelsNew: true }),
  };
}

/** Lets some jobs lose several machines. Batch retries them by itself. */
function onSpotMachines(random: Random, steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((step) =>
    step.work.kind === "batch" && random.chance(0.6)
      ? { ...step, work: { ...step.work, spotMachines: random.between(2, 4) } }
      : step,
  );
}

/** Lets some jobs run as Lambda functions. */
function asFunctions(random: Random, steps: readonly StepSpec[]): StepSpec[] {
  return steps.map((step) => {
    if (step.work.kind !== "batch" || random.chance(0.5)) return step;
    const { spotMachines: _none, ...work } = step.work;
    return { ...step, work: { ...work, asFunction: true } };
  });
}

/**
 * Gives children their parent's work queue, of which they take no slot. Maps that may have hundreds of children are
 * left out, as above.
 */
function queued(steps: readonly StepSpec[], queue: number | undefined): readonly StepSpec[] {
  if (queue === undefined) return steps;
  return steps.map((step) =>
    step.work.kind === "child" && !isWide(step)
      ? { ...step, work: { kind: "child", pipeline: { ...step.work.pipeline, queue } } }
      : step,
  );
}

/** Backfills over overlapping days. Some are cancelled, and some of these are resumed. */
function backfillsFor(random: Random): BackfillSpec[] {
  const count = random.pick([1, 2, 2, 3]);
  return Array.from({ length: count }, (_, place) => {
    const asked = random.pick([0, 1, 20, 200]);
    const cancelled = random.chance(0.5) ? asked + random.pick([1, 10, 90, 600, 600, 1500]) : undefined;
    const resumed =
      cancelled !== undefined && random.chance(0.4) ? cancelled + random.pick([1, 60, 600]) : undefined;
    return {
      // Different for each, because the same request is the same backfill.
      daysBack: 7 - place,
      days: random.between(2, 5),
      concurrency: random.between(1, 3),
      asked,
      ...(cancelled !== undefined && { cancelled }),
      ...(resumed !== undefined && { resumed }),
    };
  });
}

/** A small pipeline whose many runs, of several priorities, wait for few slots. Some of them are backfills'. */
function crowded(random: Random): PipelineSpec {
  const steps = Array.from({ length: random.pick([1, 1, 2]) }, (_, place): StepSpec => {
    const work: WorkSpec = random.chance(0.5)
      ? { kind: "wait", seconds: random.pick([1, 30, 600, 1100]), form: "seconds" }
      : { kind: random.pick(["lambda", "lambda", "batch"]), list: 0 };
    const after = place > 0 ? ["s0"] : [];
    const retries = { limit: work.kind === "wait" ? 0 : random.between(0, 1) };
    const cache = work.kind === "lambda" && random.chance(0.4);
    return { name: `s${place}`, work, uses: [], after, retries, ...(cache && { cache }) };
  });
  const runs = random.between(1, 6);
  return {
    steps,
    runs,
    ...(random.chance(0.8) && { maxActiveRuns: random.pick([1, 1, 2]) }),
    priorities: Array.from({ length: runs }, () => random.pick([1, 50, 100])),
    ...(random.chance(0.7) && { backfills: backfillsFor(random) }),
  };
}

/** A random pipeline of one to eight steps, most of them small; or a small one that has many runs. */
export function generateSpec(random: Random): PipelineSpec {
  const steps = stepsFor(random, workFor);
  const several = random.chance(0.06);
  const options = {
    ...(random.chance(0.1) && { hooks: true }),
    ...(several && { runs: random.between(2, 4) }),
    ...((several ? random.chance(0.8) : random.chance(0.05)) && { maxActiveRuns: random.pick([1, 1, 2]) }),
    ...(random.chance(0.3) && { followed: true }),
  };
  const bySize = sized(random, steps);
  // Later additions are drawn last, too.
  const limits = limitsFor(random, several);
  const waiting = waitingOtherwise(random, bySize);
  const spec = { steps: queued(onSpotMachines(random, waiting), limits.queue), ...options, ...limits };
  if (random.chance(0.2)) return crowded(random);
  return { ...spec, steps: asFunctions(random, flattened(random, spec.steps)) };
}

/** Turns most functions of a pipeline into jobs. */
export function withJobs(random: Random, spec: PipelineSpec): PipelineSpec {
  const steps = spec.steps.map((step): StepSpec => {
    if (step.work.kind !== "lambda" || random.chance(0.2)) return step;
    const { size: _size, cache: _cache, ...others } = step;
    return { ...others, work: { ...step.work, kind: "batch" } };
  });
  return { ...spec, steps };
}

/**
 * Like {@link generateSpec}, but only functions and jobs that run once. Nothing in it waits for long, or for anybody.
 */
export function generatePureSpec(random: Random): PurePipelineSpec {
  const make: WorkMaker = (draws, _name, retries, mapped) => {
    const { passes: _passes, ...work } = pureFor(draws, retries, mapped);
    return work;
  };
  const steps = stepsFor(random, make);
  const pure = steps.flatMap((step) => (isPure(step.work) ? [{ ...step, work: step.work }] : []));
  return { steps: sized(random, pure) };
}
