import { shardOf } from "../objects/layout.ts";
import type { StepNode } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { Tally } from "../ports/run-store.ts";
import { advanceRun } from "../run/advance-run.ts";
import { isAfterRunStep } from "../run/after-run-step.ts";
import { openAfterRunSteps } from "../run/end-run.ts";
import { outlinePages } from "../run/listed-steps.ts";
import { recordPrice } from "../run/run-cost.ts";
import { engineError } from "../state/failure.ts";
import { isEnded, type Outcome, type RunError, wasStopped } from "../state/run.ts";
import { free, type Price, spendingPrice, sumOfPrices } from "../state/spending.ts";
import { ended, succeeded } from "../state/step-changes.ts";
import {
  type EndedStep,
  type FoundStep,
  hasEnded,
  hasResult,
  isNewer,
  type StepOutline,
  type StepState,
  type SucceededOutline,
  type SucceededStep,
  stepLabel,
} from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import type { StepWork } from "./step-work.ts";

const outcomes: Partial<Record<StepState, Outcome>> = {
  SUCCEEDED: "done",
  CACHED: "done",
  FAILED: "failed",
  TIMED_OUT: "failed",
  SKIPPED: "skipped",
};

function runErrorOf(record: SucceededOutline | EndedStep, node: StepNode): RunError | undefined {
  if (hasResult(record) || record.error === undefined) return undefined;
  const { name, message, code, remedy } = record.error;
  const step = stepLabel(record.step, node.over === undefined ? undefined : record.index);
  return {
    ...{ step, name, message: message.slice(0, 300) },
    ...(code !== undefined && { code }),
    ...(remedy !== undefined && { remedy }),
  };
}

function isFull(tally: Tally): boolean {
  return tally.done.size + tally.failed.size >= tally.size;
}

/** Why a map failed: the failure of its first failed child. */
async function firstFailure(engine: Engine, { run, node }: StepWork): Promise<RunError | undefined> {
  for await (const page of outlinePages(engine.store, run.runId, node.name)) {
    for (const child of page) {
      if (child.index === "map" || child.epoch !== run.epoch || !hasEnded(child)) continue;
      const error = runErrorOf(child, node);
      if (error !== undefined) return error;
    }
  }
  return undefined;
}

/** What a tally's members have cost in this epoch. */
function tallyPrice(tally: Tally): Price {
  return spendingPrice(tally, tally.done.size + tally.failed.size);
}

/** The price with which a record joins. What it cost in an earlier epoch was counted then. */
export function ownPrice({ run, node }: StepWork, record: StepOutline): Price {
  return record.epoch === run.epoch ? recordPrice(node, record) : free;
}

/**
 * The price with which a step joins its run. A map's is that of its children, too. Usually the worker that ends the map
 * has just counted them; if that worker died before the join, they are read.
 */
async function stepPrice(engine: Engine, work: StepWork, record: FoundStep): Promise<Price> {
  const own = ownPrice(work, record);
  if (record.index !== "map") return own;
  const { runId, step } = record;
  const tally = await engine.store.getTally({ runId, step, shard: "map" });
  return tally?.epoch === work.run.epoch ? sumOfPrices([tallyPrice(tally), own]) : own;
}

/** Ends a map whose shards have all ended: first its record, then its join to the run. */
async function endMap(engine: Engine, work: StepWork, whole: Tally): Promise<void> {
  const { run, node } = work;
  const failed = whole.failed.size > 0;
  const spent = tallyPrice(whole);
  const record = await engine.store.getStep({ runId: run.runId, step: node.name, index: "map" });
  if (record === undefined || isNewer(record) || record.state === "CANCELLED") return;
  if (record.epoch !== run.epoch && !hasResult(record)) return;
  const error = failed ? await firstFailure(engine, work) : undefined;
  if (!hasEnded(record)) {
    const now = engine.clock.now();
    const why = error ? `${error.step}: ${error.message}` : "a child failed";
    const reason = engineError("CHILDREN_FAILED", why);
    // A map's results are those of its children, so its own record needs none.
    const next = failed ? ended(record, "FAILED", now, reason) : succeeded(record, { value: null }, now);
    if ((await replaceStep(engine, next, record)) === undefined) return;
  }
  const price = sumOfPrices([spent, ownPrice(work, record)]);
  await advanceRun(engine, work, node.number, { outcome: failed ? "failed" : "done", error, price });
}

/** Joins a shard to its map, if the shard is complete. */
export async function joinShard(engine: Engine, work: StepWork, shard: number, tally: Tally): Promise<void> {
  if (!isFull(tally)) return;
  const { run, node } = work;
  const key = { runId: run.runId, step: node.name, shard: "map" } as const;
  const outcome = tally.failed.size > 0 ? "failed" : "done";
  const whole = await engine.store.joinTally(key, run.epoch, shard, outcome, tallyPrice(tally));
  if (whole !== undefined && isFull(whole)) await endMap(engine, work, whole);
}

/**
 * Closes a run once all steps that follow its end have ended. A stopped run stays open for its last look: see
 * sweep-run.ts.
 */
async function closeEndedRun(engine: Engine, { run, graph }: StepWork): Promise<void> {
  if (!isEnded(run) || wasStopped(run.state)) return;
  // If two end at once, the one that reads later sees both ends. If neither gets here, the sweep closes the run.
  if ((await openAfterRunSteps(engine, run, graph)).length === 0)
    await engine.store.closeRun(run.runId, run.epoch);
}

/**
 * Reports a step's end: a child reports to its map, any other step to its run; steps after the run report to nobody.
 * Safe to repeat.
 */
export async function joinEnded(
  engine: Engine,
  work: StepWork,
  record: SucceededStep | EndedStep,
): Promise<void> {
  const outcome = outcomes[record.state];
  if (outcome === undefined) return;
  const { run, node } = work;
  if (isAfterRunStep(node.name)) return closeEndedRun(engine, work);
  if (node.over === undefined || record.index === "map" || outcome === "skipped") {
    const error = runErrorOf(record, node);
    return advanceRun(engine, work, node.number, {
      outcome,
      error,
      price: await stepPrice(engine, work, record),
    });
  }
  const shard = shardOf(record.index);
  const tally = await engine.store.joinTally(
    { runId: run.runId, step: node.name, shard },
    run.epoch,
    record.index,
    outcome,
    ownPrice(work, record),
  );
  if (tally !== undefined) await joinShard(engine, work, shard, tally);
}
