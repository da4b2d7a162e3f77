import { handleJob } from "../shared/jobs/handle-job.ts";
import type { Pipeline } from "../shared/pipeline/index.ts";
import type { Json } from "../shared/pipeline/json.ts";
import type { Clock } from "../shared/ports/clock.ts";
import type { Engine } from "../shared/ports/engine.ts";
import type { StepMessage } from "../shared/ports/step-queue.ts";
import { startRun } from "../shared/run/start-run.ts";
import { commitReserve } from "../shared/run/tail-call.ts";
import { hasJobs } from "../shared/state/step-record.ts";
import { runJob } from "../shared/testing/run-job.ts";
import { handleStepMessage } from "../shared/worker/handle-step-message.ts";
import type { Call } from "./call-record.ts";
import type { CountedEngine } from "./counted-engine.ts";
import { chain, chainLength, job, wide } from "./pipelines.ts";

/** The requests that it took to handle one message or event. */
export type Handled = { readonly message: StepMessage; readonly calls: readonly Call[] };

/** The maximum over several messages. Write units include those of the indexes. */
export type StepCost = {
  readonly messages: number;
  readonly reads: number;
  readonly readUnits: number;
  readonly writes: number;
  readonly writeUnits: number;
  readonly sends: number;
  readonly objects: number;
  readonly batch: number;
};

/** Milliseconds that a worker has on AWS: `stepTimeout` in serverless.yml. */
const workerTime = 120_000;
/** Milliseconds that a worker needs left to continue with one of our steps: the step's timeout, and time to commit. */
const stepTime = 60_000 + commitReserve;

const isWrite = ({ command }: Call) => /^(Put|Update|Delete)Item|Write/.test(command);

/** For each figure, the maximum over several messages. */
export function maxCost(handled: readonly Handled[]): StepCost {
  const maxOf = (count: (calls: readonly Call[]) => number) =>
    Math.max(0, ...handled.map(({ calls }) => count(calls)));
  const of = (service: Call["service"]) => (call: Call) => call.service === service;
  const reads = (calls: readonly Call[]) =>
    calls.filter((call) => call.service === "dynamodb" && !isWrite(call));
  return {
    messages: handled.length,
    reads: maxOf((calls) => reads(calls).length),
    readUnits: maxOf((calls) => calls.reduce((units, call) => units + call.readUnits, 0)),
    writes: maxOf((calls) => calls.filter(of("dynamodb")).filter(isWrite).length),
    writeUnits: maxOf((calls) => calls.reduce((units, call) => units + call.writeUnits, 0)),
    sends: maxOf((calls) => calls.filter(of("sqs")).length),
    objects: maxOf((calls) => calls.filter(of("s3")).length),
    batch: maxOf((calls) => calls.filter(of("batch")).length),
  };
}

let runs = 0;

async function start({ engine, record }: CountedEngine, pipeline: Pipeline, params: Json): Promise<string> {
  const cause = { kind: "manual" } as const;
  runs += 1;
  const causeKey = String(runs);
  const { runId } = await startRun(engine, { pipeline: pipeline.name, params, cause, causeKey });
  record.take();
  return runId;
}

/**
 * Who handles the messages: a new worker for each, which is the most expensive case, or one worker for all, which
 * remembers results.
 */
export type Worker = "fresh" | "same";

/** Whether a worker has time to continue with the next step, or only for the step of its message. */
export type Time = "for more" | "for one";

/** An engine that remembers nothing: what an engine remembers belongs to its store object, so this one is new. */
function forgetful(engine: Engine): Engine {
  return { ...engine, store: { ...engine.store }, objects: { ...engine.objects } };
}

/** A clock on which a second passes with each look, so that each step takes the same share of a worker's time. */
function hurriedClock(clock: Clock): Clock {
  let passed = 0;
  return {
    deadline: (milliseconds) => clock.deadline(milliseconds),
    pause: (milliseconds) => clock.pause(milliseconds),
    now() {
      passed += 1000;
      return clock.now() + passed;
    },
  };
}

/** Handles messages one after another, like the step worker, until none is left or the limit is reached. */
async function work(
  { engine, record, receive }: CountedEngine,
  limit: number,
  worker: Worker = "fresh",
  time: Time = "for one",
): Promise<Handled[]> {
  const handled: Handled[] = [];
  const hurried = { ...engine, clock: hurriedClock(engine.clock) };
  const timed = time === "for one" ? hurried : engine;
  // The clock is read twice before the step: once here, and once by the worker.
  const given = time === "for one" ? stepTime + 1500 : workerTime;
  while (handled.length < limit) {
    const messages = await receive();
    if (messages.length === 0) break;
    for (const message of messages) {
      const used = worker === "fresh" ? forgetful(timed) : timed;
      await handleStepMessage(used, message, used.clock.now() + given);
      handled.push({ message, calls: record.take() });
    }
  }
  return handled;
}

/** The steps of a chain without the first, which has no upstream, and without the last, which ends the run. */
export async function chainSteps(counted: CountedEngine, worker: Worker = "fresh"): Promise<Handled[]> {
  await start(counted, chain, {});
  const handled = await work(counted, chainLength, worker);
  return handled.slice(1, -1);
}

/** A chain whose steps run one after another in one worker: everything that its one message took. */
export async function tailCalls(counted: CountedEngine): Promise<{ handled: Handled; steps: number }> {
  const [handled, ...others] = await wholeRun(counted, chain, {}, "fresh", "for more");
  if (handled === undefined || others.length > 0) throw new Error("the chain took more than one message");
  return { handled, steps: chainLength };
}

/** All messages of a run, and of the child runs that it starts. */
export async function wholeRun(
  counted: CountedEngine,
  pipeline: Pipeline,
  params: Json,
  worker: Worker,
  time: Time,
): Promise<Handled[]> {
  await start(counted, pipeline, params);
  return work(counted, Number.POSITIVE_INFINITY, worker, time);
}

/** What a map costs, grouped by each message's role. */
export type MapCalls = {
  readonly expansion: readonly Handled[];
  readonly shards: readonly Handled[];
  readonly children: readonly Handled[];
  /** The last child of each shard. */
  readonly lastOfShard: readonly Handled[];
};

/**
 * The messages of a map over a list that its upstream step made.
 *
 * @param limit number of messages after which the rest of a large map is ignored
 */
export async function mapCalls(
  counted: CountedEngine,
  size: number,
  limit = Number.POSITIVE_INFINITY,
  worker: Worker = "fresh",
): Promise<MapCalls> {
  await start(counted, wide, { size });
  const handled = (await work(counted, limit, worker)).filter(({ message }) => message.step === "child");
  const children = handled.filter(({ message }) => message.index !== "map");
  const joins = ({ calls }: Handled) => calls.filter(({ command }) => command === "UpdateItemCommand").length;
  return {
    expansion: handled.filter(({ message }) => message.index === "map" && message.shard === undefined),
    shards: handled.filter(({ message }) => message.shard !== undefined),
    children: children.filter((each) => joins(each) === 1),
    lastOfShard: children.filter((each) => joins(each) > 1),
  };
}

/** What a Batch step costs: its submission, an event that shows progress, and the event of its end. */
export type JobCalls = {
  readonly submission: Handled;
  readonly progress: Handled;
  readonly end: Handled;
};

/** The messages and events of a Batch step. The job is a stand-in, and its own requests to S3 aren't counted. */
export async function jobCalls(counted: CountedEngine): Promise<JobCalls> {
  const { engine, record, objects } = counted;
  const runId = await start(counted, job, {});
  const handled = await work(counted, Number.POSITIVE_INFINITY);
  const submission = handled.find(({ message }) => message.step === "work");
  const [submitted] = counted.submitted;
  const [stored] = await engine.store.listSteps(runId, "work");
  record.take();
  if (submission === undefined || submitted === undefined || stored === undefined || !hasJobs(stored)) {
    throw new Error("the step's job was not submitted");
  }
  const id = stored.jobs[0]?.id ?? "";
  const { name, environment } = submitted;
  const detail = { id, name, environment, state: "RUNNING" } as const;
  const { message } = submission;
  await handleJob(engine, detail);
  const progress = { message, calls: record.take() };
  const exit = await runJob(objects, detail, () => ({ count: 2 }));
  await handleJob(engine, { ...detail, ...exit, state: "SUCCEEDED" });
  return { submission, progress, end: { message, calls: record.take() } };
}
