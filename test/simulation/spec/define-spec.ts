import * as z from "zod";
import type { TaskKind } from "../../../shared/pipeline/graph.ts";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  email,
  eq,
  flatten,
  gt,
  type Json,
  lambda,
  maybe,
  not,
  notice,
  objectCreated,
  or,
  type Pipeline,
  type Ref,
  repeat,
  runSucceeded,
  type StepContext,
  type StepOptions,
  type Task,
  wait,
  webhook,
  workQueue,
} from "../../../shared/pipeline/index.ts";
import {
  childName,
  followerName,
  isWaiting,
  objectKey,
  type PipelineSpec,
  type PureWork,
  type StepSpec,
  specsByName,
  startKey,
  type WhenSpec,
  type WorkOf,
  type WorkSpec,
} from "./pipeline-spec.ts";
import { textOf, type WorkInput, type WorkOutput } from "./pure-work.ts";
import { simulationStart } from "./simulation-start.ts";

/** Does the work of a lambda step. The simulation decides how long it takes and how it ends. */
export type LambdaBody = (step: StepSpec, input: WorkInput, context: StepContext) => Promise<Json>;

const anything = z.json() as z.ZodType<Json>;

/** The contract of all jobs of the simulation. */
export const simulatedJob = defineJob("sim.work", {
  input: z.object({ from: z.array(anything), item: anything.optional() }) as unknown as z.ZodType<Json>,
  output: z.json() as z.ZodType<Json>,
  resources: { vcpus: 1, memory: 512, onDemandAfter: 1 },
});

/** The same as a call of a Lambda function, until an attempt runs out of memory or time there. */
const simulatedFunction = defineJob("sim.called", {
  input: simulatedJob.input,
  output: simulatedJob.output,
  resources: { vcpus: 1, memory: [512, 4096], timeoutSeconds: 900, runs: "auto", onDemandAfter: 1 },
});

/** How many seconds an approval waits for its answer. */
const approvalSeconds = 7200;

/**
 * How many seconds a step waits for an object. The wait is shorter for an object that never lands. If the object lands,
 * its event or the sweep has to find it long before the deadline, because nothing may stand still for that long.
 */
const objectSeconds = (lands: number | undefined) => (lands === undefined ? 600 : 86_400);

/** Stands for a pipeline's hooks, which are in no graph. */
export const hookStep: StepSpec = {
  name: "@hook",
  work: { kind: "lambda", list: 0 },
  uses: [],
  after: [],
  retries: { limit: 2 },
};

type Refs = ReadonlyMap<string, Ref<WorkOutput>>;

/** Looks up a ref that was made earlier, because specs list their steps in order. */
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
    ...(step.rule && { rule: step.rule }),
    ...(step.cache && { cache: { version: "1" } }),
    ...(step.size !== undefined && { size: step.size }),
    // Steps that wait have a deadline instead of retries.
    ...(!isWaiting(step.work) && { retries: step.retries }),
    ...(step.timeout !== undefined && { timeout: step.timeout }),
  };
}

/** A function or a job. It runs once, or repeats until its flag is up. */
function pureTask(work: PureWork, step: StepSpec, input: object, body: LambdaBody): Task<WorkOutput> {
  const { passes: limit } = work;
  const until = (result: Ref<WorkOutput>) => eq(result.flag, true);
  if (work.kind === "batch") {
    const { spotMachines: onDemandAfter } = work;
    const task = work.asFunction
      ? batch(simulatedFunction, input as never)
      : batch(simulatedJob, input as never, onDemandAfter === undefined ? {} : { onDemandAfter });
    return (limit === undefined ? task : repeat(task as never, { until, limit, delay: 3 })) as Task<never>;
  }
  const task = lambda(input, (resolved, context) => body(step, resolved as unknown as WorkInput, context));
  return (limit === undefined ? task : repeat(task as never, { until, limit, delay: 3 })) as Task<never>;
}

/** The step that a task is made for, and the task's input. */
type Place = { readonly defining: Defining; readonly step: StepSpec; readonly input: object };
type TaskMaker<K extends TaskKind> = (work: WorkOf<K>, place: Place) => Task<unknown>;

const ofPureWork = (work: PureWork, { defining, step, input }: Place) =>
  pureTask(work, step, input, defining.body);

const taskMakers: { readonly [K in TaskKind]: TaskMaker<K> } = {
  lambda: ofPureWork,
  batch: ofPureWork,
  wait: ({ seconds, form }) => {
    const until = new Date(simulationStart + seconds * 1000).toISOString();
    return wait(form === "until" ? { until } : { seconds });
  },
  object: ({ lands }, { step }) => wait({ object: objectKey(step.name), deadline: objectSeconds(lands) }),
  approval: ({ byDefault }) => approval({ deadline: approvalSeconds, ...(byDefault && { byDefault }) }),
  child: (work, { defining: { pipeline, body }, step }) =>
    child(defineSpec(childName(pipeline, step.name), work.pipeline, body), {}),
};

function taskFor<K extends TaskKind>(work: WorkSpec & { kind: K }, place: Place): Task<never> {
  const make = taskMakers[work.kind] as TaskMaker<TaskKind>;
  return make(work, place) as Task<never>;
}

function taskOf(defining: Defining, step: StepSpec, item: Ref<Json> | undefined): Task<WorkOutput> {
  const from = step.uses.map((name) =>
    step.optional === true ? maybe(refOf(defining.refs, name)) : refOf(defining.refs, name),
  );
  return taskFor(step.work, { defining, step, input: { from, ...(item !== undefined && { item }) } });
}

function listOf(
  over: NonNullable<StepSpec["over"]>,
  refs: Refs,
  mapped: ReadonlySet<string>,
): Ref<Json[]> | Json[] {
  if (over.form === "literal") return Array.from({ length: over.size }, (_, place) => place);
  if (over.form === "flatten")
    return flatten(
      over.steps.map((name) => (mapped.has(name) ? refOf(refs, name) : refOf(refs, name).list)),
    ) as unknown as Ref<Json[]>;
  const ref = refOf(refs, over.step);
  return (over.form === "children" ? ref : ref.list) as unknown as Ref<Json[]>;
}

/** What the steps of one definition are made with. */
type Defining = {
  readonly pipeline: string;
  readonly refs: Map<string, Ref<WorkOutput>>;
  readonly body: LambdaBody;
};

/** What follows a run's end: a function like any other. */
function hooksFor(body: LambdaBody) {
  const hook = (_end: unknown, context: StepContext) => body(hookStep, { from: [] }, context);
  return { succeeded: hook, failed: hook, cancelled: hook, timedOut: hook };
}

const reportedStates = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] as const;

/** Who gets a notice of a run's end, in addition to its hook. */
export const notices = [
  notice({ on: reportedStates, to: email() }),
  notice({ on: reportedStates, to: webhook({ url: "https://example.com/" }) }),
];

/** Name of the work queue that several pipelines share. */
export const sharedQueue = "shared";

/** Turns a spec into a definition, with the same API that users have. */
export function defineSpec(pipeline: string, spec: PipelineSpec, body: LambdaBody): Pipeline {
  const { maxActiveRuns, queue, timeout } = spec;
  const options = {
    name: pipeline,
    params: z.strictObject({}),
    triggers: [objectCreated({ prefix: startKey(pipeline), params: () => ({}) })],
    ...(spec.hooks && { hooks: hooksFor(body), notices }),
    ...(maxActiveRuns !== undefined && { maxActiveRuns }),
    ...(queue !== undefined && { queue: workQueue(sharedQueue, { limit: queue }) }),
    ...(timeout !== undefined && { timeout }),
    ...(spec.cancelsNew && { onCollision: "cancel_new" as const }),
  };
  const defined = definePipeline(options, ({ step: add, map }) => {
    const refs = new Map<string, Ref<WorkOutput>>();
    const defining: Defining = { pipeline, refs, body };
    const mapped = new Set(spec.steps.flatMap(({ name, over }) => (over === undefined ? [] : [name])));
    for (const step of spec.steps) {
      const { over } = step;
      const ref =
        over === undefined
          ? add(step.name, taskOf(defining, step, undefined), optionsOf(step, refs))
          : map(
              step.name,
              listOf(over, refs, mapped) as Ref<number[]>,
              (item) => taskOf(defining, step, item as unknown as Ref<Json>),
              optionsOf(step, refs),
            );
      refs.set(step.name, ref as Ref<WorkOutput>);
    }
    return refs.get(spec.steps.at(-1)?.name ?? "");
  });
  return defined;
}

/** A follower's parameters: the run it follows, and the length of that run's result as JSON. */
export const followerParams = z.strictObject({ of: z.string(), length: z.number() });

/** A pipeline that starts when a run of another one succeeds. */
function defineFollower(pipeline: Pipeline): Pipeline {
  const trigger = runSucceeded({
    pipeline,
    params: ({ id, result }) => ({ of: id, length: textOf(result).length }),
  });
  const options = { name: followerName(pipeline.name), params: followerParams, triggers: [trigger] };
  return definePipeline(options, ({ step }) => {
    step(
      "only",
      lambda({}, () => null),
    );
  });
}

/** Everything that is deployed, by name: a spec's pipeline, those of its child steps, and the one that follows it. */
export function deployedPipelines(name: string, spec: PipelineSpec, body: LambdaBody): Map<string, Pipeline> {
  const deployed = new Map(specsByName(name, spec).map(([each, its]) => [each, defineSpec(each, its, body)]));
  const pipeline = deployed.get(name);
  if (spec.followed && pipeline !== undefined) deployed.set(followerName(name), defineFollower(pipeline));
  return deployed;
}
