import { endJobs } from "../batch/cancel-jobs.ts";
import { endSubmission } from "../batch/end-submission.ts";
import { shardOf, shardSize } from "../objects/layout.ts";
import type { Graph } from "../pipeline/graph.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord, StepsPlace } from "../ports/run-store.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import { isAfterRunStep } from "../run/after-run-step.ts";
import { endRun } from "../run/end-run.ts";
import { openPages, outlinePages } from "../run/listed-steps.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { unjoinedPrice } from "../run/run-cost.ts";
import { graphOf, nodeOf } from "../run/run-graph.ts";
import { isSuspended } from "../state/holders.ts";
import type { CancellingRun, Run } from "../state/run.ts";
import { type Price, sumOfPrices } from "../state/spending.ts";
import { isHeld, isNewer } from "../state/step-record.ts";
import { cancelReason, markCancelled } from "../step/cancel-step.ts";
import { type Cancelling, cancelSuspended } from "./cancel-suspended.ts";

/** Moves one record towards its end; true once nothing works for it. */
async function cancelStep(cancelling: Cancelling, record: FoundRecord): Promise<boolean> {
  const { engine, run } = cancelling;
  if (isNewer(record)) {
    const { runId, step, index, stored } = record;
    engine.log.warn("step was written by newer code; skipped", { runId, step, index, stored });
    return false;
  }
  if (isHeld(record) && record.state === "SUBMITTED") {
    const found = await nodeOf(engine, run, record.step);
    if (found !== undefined) await endSubmission(engine, run, found.node, record, cancelReason);
  }
  return isSuspended(record) ? cancelSuspended(cancelling, record) : markCancelled(engine, record);
}

/** Moves records towards their ends; true once nothing works for any of them. */
async function cancelSteps(engine: Engine, run: Run, records: readonly FoundRecord[]): Promise<boolean> {
  const cancelling: Cancelling = {
    ...{ engine, run, jobs: await endJobs(engine, records) },
    cancelRun: (child, why) => cancelRunAs(engine, child, "CANCELLED", why),
  };
  const through = await mapConcurrently(records, (record) => cancelStep(cancelling, record));
  return through.every(Boolean);
}

/**
 * Whether a cancel must end this record. A retry may have opened the next epoch meanwhile, and the cancel leaves that
 * epoch's work alone. It also leaves hooks alone: they follow the end and aren't part of what was stopped.
 */
function isOpen(record: FoundRecord, run: Run): boolean {
  return !("endedAt" in record) && record.epoch <= run.epoch && !isAfterRunStep(record.step);
}

/** The open records of a run, or of a place in it. */
async function openSteps(engine: Engine, run: Run, place: StepsPlace = {}): Promise<FoundRecord[]> {
  const open: FoundRecord[] = [];
  for await (const page of openPages(engine.store, run.runId, place))
    open.push(...page.filter((record) => isOpen(record, run)));
  return open;
}

/** Whether a run has an open record. It reads no further than the first one. */
async function hasOpenSteps(engine: Engine, run: Run): Promise<boolean> {
  for await (const page of openPages(engine.store, run.runId))
    if (page.some((record) => isOpen(record, run))) return true;
  return false;
}

/** Ends what works for a run that is or was cancelled; true once nothing does. */
export async function cancelOpenSteps(engine: Engine, run: Run): Promise<boolean> {
  return cancelSteps(engine, run, await openSteps(engine, run));
}

/** The shards of the maps that have too many open children for one worker's time. */
function largeShards(run: Run, records: readonly FoundRecord[]): StepMessage[] {
  const { runId, epoch } = run;
  const children = Map.groupBy(
    records.flatMap(({ step, index }) => (index === "map" ? [] : [{ step, shard: shardOf(index) }])),
    ({ step }) => step,
  );
  return [...children].flatMap(([step, open]) => {
    if (open.length <= shardSize) return [];
    const shards = new Set(open.map(({ shard }) => shard));
    return [...shards].map((shard): StepMessage => ({ runId, step, index: "map", epoch, shard }));
  });
}

/** Whether a record is one of the children of some shards. */
function isIn(shards: readonly StepMessage[], { step, index }: FoundRecord): boolean {
  return index !== "map" && shards.some((each) => each.step === step && each.shard === shardOf(index));
}

/**
 * The cost of a run's records whose steps never joined it, page by page: the results of a large map don't fit
 * into memory.
 */
async function unjoinedPriceOf(engine: Engine, run: CancellingRun, graph: Graph): Promise<Price> {
  const prices: Price[] = [];
  for await (const page of outlinePages(engine.store, run.runId))
    prices.push(unjoinedPrice(graph, run, page));
  return sumOfPrices(prices);
}

/** Ends a run whose cancel is complete, and counts what its cancelled steps have cost: they join nothing. */
async function endCancelled(engine: Engine, run: CancellingRun): Promise<void> {
  const graph = await graphOf(engine, run);
  // A step that ended by itself may have joined since the run was read.
  const current = await engine.store.getRun(run.runId);
  if (current?.state !== "CANCELLING" || current.epoch !== run.epoch) return;
  await endRun(engine, current, graph, current.endsAs, await unjoinedPriceOf(engine, current, graph));
}

/** Ends a run that is being cancelled if nothing works for it any more. */
export async function endIfSettled(engine: Engine, run: CancellingRun): Promise<void> {
  if (!(await hasOpenSteps(engine, run))) await endCancelled(engine, run);
}

/**
 * Moves a run that is being cancelled towards its end: ends what works for it, and then the run. Called when the cancel
 * is requested, when an array job ends, and by the sweep; safe to repeat. Each shard of a large map gets its own hint.
 * A worker that doesn't know of the cancel may still begin a step. Its commit starts nothing more. If it submits a job,
 * Batch's next event ends that job (handle-job.ts). The last look at the run ends what is still open (sweep-run.ts).
 */
export async function settleCancellation(engine: Engine, run: CancellingRun): Promise<void> {
  const open = await openSteps(engine, run);
  const shards = largeShards(run, open);
  if (shards.length > 0) await engine.queue.send(shards);
  const others = open.filter((record) => !isIn(shards, record));
  if (!(await cancelSteps(engine, run, others)) || shards.length > 0) return;
  await endCancelled(engine, run);
}

/** The open records that a hint is about: one record, or the children of one shard of a map. */
async function hintedSteps(engine: Engine, run: Run, { step, index, shard }: StepMessage) {
  if (shard !== undefined) return openSteps(engine, run, { step, shard });
  const record = await engine.store.getStep({ runId: run.runId, step, index });
  return record !== undefined && isOpen(record, run) ? [record] : [];
}

/**
 * Ends the records that a hint is about in a run that is being cancelled: a step whose child run has ended, or a shard
 * of a large map. If they were the last, it ends the run too. It cancels nothing else: thousands of children may end
 * one by one, and each of them would otherwise go through all the others.
 */
export async function settleHintedStep(engine: Engine, run: CancellingRun, hint: StepMessage): Promise<void> {
  const open = await hintedSteps(engine, run, hint);
  if (open.length === 0 && hint.shard === undefined) return;
  if (await cancelSteps(engine, run, open)) await endIfSettled(engine, run);
}

/**
 * Cancels an active run, or times it out: nothing new starts, jobs and child runs are ended, and the run ends once none
 * is left. A repeated call continues where the last one stopped.
 *
 * @param only a condition; if it doesn't hold, nothing happens
 */
export async function cancelRunAs(
  engine: Engine,
  run: Run,
  endsAs: CancellingRun["endsAs"],
  why: string,
  only: { readonly wantedOnlyBy?: string } = {},
): Promise<void> {
  const move = { to: "CANCELLING", endsAs, reason: why, ...only } as const;
  const moved = await engine.store.moveRun(run.runId, run.epoch, move, nextSweep(engine));
  if (moved?.state === "CANCELLING" && moved.epoch === run.epoch) await settleCancellation(engine, moved);
}
