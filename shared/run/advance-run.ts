import type { Engine } from "../engine.ts";
import type { Graph } from "../pipeline/graph.ts";
import { newlyReady, plan } from "../state/plan.ts";
import { isUnderWay, type Outcome, type Run, type RunError } from "../state/run.ts";
import { dispatch } from "./dispatch.ts";
import { endRun } from "./end-run.ts";
import type { TailCall } from "./tail-call.ts";

/**
 * Tells a run that one of its steps ended: adds it to the progress, then starts what became ready or ends the run.
 * Walked again after a crash it does the same again, and nothing twice.
 */
export async function advanceRun(
  engine: Engine,
  { run, graph, tail }: { run: Run; graph: Graph; tail?: TailCall },
  step: number,
  outcome: Outcome,
  error?: RunError,
): Promise<void> {
  const joined = await engine.store.joinRun(run.runId, run.epoch, step, outcome, error);
  // Of a run being cancelled nothing more is started; settle-cancellation.ts ends it.
  if (joined === undefined || !isUnderWay(joined)) return;
  const planned = plan(graph, joined.progress);
  if (planned.end !== undefined) return endRun(engine, joined, graph, planned.end);
  // Of a paused run what is ready starts when it is resumed.
  if (joined.state === "PAUSED") return;
  await dispatch(engine, joined, graph, newlyReady(graph, joined.progress, planned, step), tail);
}
