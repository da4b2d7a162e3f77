import type { Engine } from "../engine.ts";
import { shardOf } from "../objects/layout.ts";
import type { Graph, StepNode } from "../pipeline/graph.ts";
import type { Json } from "../pipeline/json.ts";
import { retryDelay } from "../pipeline/retry-policy.ts";
import { maxMessageDelay, type StepMessage } from "../queue/step-queue.ts";
import { advanceRun } from "../run/advance-run.ts";
import type { Outcome, Run, RunError } from "../run/run.ts";
import type { StoredStep, Tally } from "../store/run-store.ts";
import { replaceStep } from "./claim-step.ts";
import { type Failure, lostAttemptsLimit } from "./failure.ts";
import {
  type EndedStep,
  hasEnded,
  type StepRecord,
  type StepState,
  type SucceededStep,
} from "./step-record.ts";
import { storeValue } from "./stored-value.ts";
import { ended, retrying, succeeded } from "./transitions.ts";

/** The step that is being worked on: its run, the run's graph and its place in it. */
export type StepWork = { readonly run: Run; readonly graph: Graph; readonly node: StepNode };

const outcomes: Partial<Record<StepState, Outcome>> = {
  SUCCEEDED: "done",
  FAILED: "failed",
  TIMED_OUT: "failed",
  SKIPPED: "skipped",
};

/** A hint about a step's own record. */
export function hintFor({ runId, step, index }: StepRecord, epoch: number): StepMessage {
  return { runId, step, index, epoch };
}

function runErrorOf(record: SucceededStep | EndedStep): RunError | undefined {
  if (record.state === "SUCCEEDED" || record.error === undefined) return undefined;
  const { name, message } = record.error;
  const step =
    typeof record.index === "number" && record.index > 0 ? `${record.step}[${record.index}]` : record.step;
  return { step, name, message: message.slice(0, 300) };
}

function isFull(tally: Tally): boolean {
  return tally.done.size + tally.failed.size >= tally.size;
}

/** Why a map failed: the first of its children that did. */
async function firstFailure(engine: Engine, { run, node }: StepWork): Promise<RunError | undefined> {
  const children = await engine.store.listSteps(run.runId, node.name);
  for (const child of children) {
    if (child.index === "map" || child.epoch !== run.epoch || !hasEnded(child)) continue;
    const error = runErrorOf(child);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** Ends a map whose shards have all ended: its record first, then its place in the run. */
async function endMap(engine: Engine, work: StepWork, failed: boolean): Promise<void> {
  const { run, graph, node } = work;
  const record = await engine.store.getStep({ runId: run.runId, step: node.name, index: "map" });
  if (record === undefined) return;
  const error = failed ? await firstFailure(engine, work) : undefined;
  if (!hasEnded(record)) {
    const now = engine.clock.now();
    const reason = {
      name: "ChildrenFailed",
      message: error ? `${error.step}: ${error.message}` : "a child failed",
    };
    // A map's results are those of its children; its own record needs none.
    const next = failed ? ended(record, "FAILED", now, reason) : succeeded(record, { value: null }, now);
    if ((await replaceStep(engine, next, record)) === undefined) return;
  }
  await advanceRun(engine, run, graph, node.number, failed ? "failed" : "done", error);
}

/** Tells the map that one of its shards is complete, if it is. */
export async function joinShard(engine: Engine, work: StepWork, shard: number, tally: Tally): Promise<void> {
  if (!isFull(tally)) return;
  const { run, node } = work;
  const key = { runId: run.runId, step: node.name, shard: "map" } as const;
  const whole = await engine.store.joinTally(
    key,
    run.epoch,
    shard,
    tally.failed.size > 0 ? "failed" : "done",
  );
  if (whole !== undefined && isFull(whole)) await endMap(engine, work, whole.failed.size > 0);
}

/** Tells of a step's end: a child its map, any other step its run. Safe to repeat. */
export async function joinEnded(
  engine: Engine,
  work: StepWork,
  record: SucceededStep | EndedStep,
): Promise<void> {
  const outcome = outcomes[record.state];
  if (outcome === undefined) return;
  const { run, graph, node } = work;
  if (node.over === undefined || record.index === "map" || outcome === "skipped") {
    return advanceRun(engine, run, graph, node.number, outcome, runErrorOf(record));
  }
  const shard = shardOf(record.index);
  const tally = await engine.store.joinTally(
    { runId: run.runId, step: node.name, shard },
    run.epoch,
    record.index,
    outcome,
  );
  if (tally !== undefined) await joinShard(engine, work, shard, tally);
}

function tell(engine: Engine, work: StepWork, record: SucceededStep | EndedStep): void {
  const { runId, step, index, attempt, state } = record;
  const milliseconds = Date.parse(record.endedAt) - Date.parse(record.startedAt);
  const error = record.state === "SUCCEEDED" ? undefined : record.error;
  const fields = { runId, step, index, attempt, state, milliseconds, ...(error && { error }) };
  if (error === undefined) engine.log.info("step ended", fields);
  else engine.log.warn("step ended", fields);
  engine.meter.count("StepEnded", { pipeline: work.run.pipeline, step, state });
  engine.meter.duration("StepDuration", milliseconds, { pipeline: work.run.pipeline, step });
}

async function end(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  next: SucceededStep | EndedStep,
): Promise<void> {
  if ((await replaceStep(engine, next, held)) === undefined) return;
  tell(engine, work, next);
  await joinEnded(engine, work, next);
}

/** Commits a result and tells of it. Nothing happens when the attempt is no longer the one that counts. */
export async function succeedAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  output: Json,
): Promise<void> {
  const stored = await storeValue(engine, work.run, held, output);
  await end(engine, work, held, succeeded(held, stored, engine.clock.now()));
}

/** Ends a step that its condition says not to run. */
export async function skipStep(engine: Engine, work: StepWork, held: StoredStep): Promise<void> {
  await end(engine, work, held, ended(held, "SKIPPED", engine.clock.now()));
}

/** Whether a step is tried again after a failure. */
function mayRetry(work: StepWork, held: StoredStep, failure: Failure): boolean {
  if (!failure.retryable) return false;
  if (failure.infrastructure) return held.attempt - held.failures < lostAttemptsLimit;
  return held.failures < work.node.retries.limit;
}

/** Has a failed attempt tried again by its policy, or ends the step. */
export async function failAttempt(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  failure: Failure,
): Promise<void> {
  const now = engine.clock.now();
  if (!mayRetry(work, held, failure)) {
    return end(
      engine,
      work,
      held,
      ended(held, failure.timedOut ? "TIMED_OUT" : "FAILED", now, failure.error),
    );
  }
  const counts = !failure.infrastructure;
  const delay = failure.retryAfter ?? retryDelay(work.node.retries, held.failures + 1, engine.random());
  const next = retrying(held, failure.error, now + delay, counts);
  if ((await replaceStep(engine, next, held)) === undefined) return;
  const { runId, step, index, attempt } = held;
  engine.log.warn("step will be tried again", {
    runId,
    step,
    index,
    attempt,
    inMilliseconds: delay,
    error: failure.error,
  });
  engine.meter.count("StepRetried", { pipeline: work.run.pipeline, step });
  await engine.queue.send([hintFor(held, work.run.epoch)], Math.min(delay, maxMessageDelay));
}
