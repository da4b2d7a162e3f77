import type { Graph } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import { newlyReady, plan } from "../state/plan.ts";
import { hasJoined, isUnderWay, type Outcome, type Run, type RunError } from "../state/run.ts";
import type { Price } from "../state/spending.ts";
import { dispatch, firstMessage } from "./dispatch.ts";
import { endRun } from "./end-run.ts";
import type { TailCall } from "./tail-call.ts";

/**
 * The ready steps that nobody has begun. A repeated join hints only these. Otherwise, each late copy of a map's message
 * would hint all children of the next map again. Copies of their messages would do the same to the map after it.
 */
async function unbegun(
  engine: Engine,
  run: Run,
  graph: Graph,
  numbers: readonly number[],
): Promise<number[]> {
  const records = await Promise.all(
    numbers.map((number) => engine.store.getStep(firstMessage(run, graph, number))),
  );
  return numbers.filter((_number, place) => (records[place]?.epoch ?? 0) < run.epoch);
}

/** How a step ended: what its run counts of it. */
export type StepEnd = {
  readonly outcome: Outcome;
  readonly error?: RunError | undefined;
  /** What it has cost in this epoch. */
  readonly price: Price;
};

/**
 * Joins an ended step to its run, then starts the steps that became ready, or ends the run. If it's repeated after a
 * crash, it does the same again and starts nothing twice.
 */
export async function advanceRun(
  engine: Engine,
  { run, graph, tail }: { run: Run; graph: Graph; tail?: TailCall },
  step: number,
  { outcome, error, price }: StepEnd,
): Promise<void> {
  const joined = await engine.store.joinRun(run.runId, run.epoch, step, outcome, error, price);
  // A run that is being cancelled starts nothing more; settle-cancellation.ts ends it.
  if (joined === undefined || !isUnderWay(joined)) return;
  const planned = plan(graph, joined.progress);
  if (planned.end !== undefined) return endRun(engine, joined, graph, planned.end);
  // If the run is paused, its ready steps start when it's resumed.
  if (joined.state === "PAUSED") return;
  const ready = newlyReady(graph, joined.progress, planned, step);
  // If the run knew of the step's end when it was read, this is a repetition.
  const due = hasJoined(run, step) ? await unbegun(engine, joined, graph, ready) : ready;
  await dispatch(engine, joined, graph, due, tail);
}
