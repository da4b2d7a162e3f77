import * as z from "zod";
import {
  batch,
  defineJob,
  definePipeline,
  eq,
  flatten,
  gt,
  type Json,
  lambda,
  not,
  or,
  type Pipeline,
  type Ref,
  type StepContext,
  type StepOptions,
  type Task,
} from "../../../shared/pipeline/index.ts";
import type { PipelineSpec, StepSpec, WhenSpec } from "./pipeline-spec.ts";
import type { WorkInput, WorkOutput } from "./pure-work.ts";

/** Does the work of a lambda step: the simulation decides how long it takes and how it ends. */
export type LambdaBody = (step: StepSpec, input: WorkInput, context: StepContext) => Promise<Json>;

const anything = z.json() as z.ZodType<Json>;

/** The contract of all jobs of the simulation. */
export const simulatedJob = defineJob("sim.work", {
  input: z.object({ from: z.array(anything), item: anything.optional() }) as unknown as z.ZodType<Json>,
  output: z.json() as z.ZodType<Json>,
  resources: { vcpus: 1, memory: 512 },
});

type Refs = ReadonlyMap<string, Ref<WorkOutput>>;

/** A ref that was made before, since specs list their steps in order. */
function refOf(refs: Refs, name: string): Ref<WorkOutput> {
  const ref = refs.get(name);
  if (ref === undefined) throw new RangeError(`step ${name} comes later, or not at all`);
  return ref;
}

function condition({ step, test, bound }: WhenSpec, refs: Refs): Ref<boolean> {
  const ref = refOf(refs, step);
  if (test === "flag") return eq(ref.flag, true);
  if (test === "not flag") return not(eq(ref.flag, true));
  if (test === "above") return gt(ref.v, bound);
  return or(eq(ref.flag, true), gt(ref.v, bound));
}

function optionsOf(step: StepSpec, refs: Refs): StepOptions {
  return {
    after: step.after.map((name) => refOf(refs, name)),
    ...(step.when && { when: condition(step.when, refs) }),
    retries: {
      limit: step.retries.limit,
      ...(step.retries.delay !== undefined && { delay: step.retries.delay }),
    },
    ...(step.timeout !== undefined && { timeout: step.timeout }),
  };
}

function taskOf(step: StepSpec, refs: Refs, item: Ref<Json> | undefined, body: LambdaBody): Task<WorkOutput> {
  const input = { from: step.uses.map((name) => refOf(refs, name)), ...(item !== undefined && { item }) };
  if (step.work.kind === "batch") return batch(simulatedJob, input as never) as Task<never>;
  return lambda(input as object, (resolved, context) =>
    body(step, resolved as unknown as WorkInput, context),
  ) as Task<never>;
}

function listOf(over: NonNullable<StepSpec["over"]>, refs: Refs): Ref<Json[]> | Json[] {
  if (over.form === "literal") return Array.from({ length: over.size }, (_, place) => place);
  if (over.form === "flatten")
    return flatten(over.steps.map((name) => refOf(refs, name).list)) as unknown as Ref<Json[]>;
  const ref = refOf(refs, over.step);
  return (over.form === "children" ? ref : ref.list) as unknown as Ref<Json[]>;
}

/** Turns a spec into a definition, by the same API that users write. */
export function defineSpec(name: string, spec: PipelineSpec, body: LambdaBody): Pipeline {
  return definePipeline({ name, params: z.strictObject({}) }, ({ step: add, map }) => {
    const refs = new Map<string, Ref<WorkOutput>>();
    for (const step of spec.steps) {
      const options = optionsOf(step, refs);
      const { over } = step;
      const ref =
        over === undefined
          ? add(step.name, taskOf(step, refs, undefined, body), options)
          : map(
              step.name,
              listOf(over, refs) as Ref<number[]>,
              (item) => taskOf(step, refs, item as unknown as Ref<Json>, body),
              options,
            );
      refs.set(step.name, ref as Ref<WorkOutput>);
    }
  });
}
