import type { Engine } from "../engine.ts";
import { type Graph, stepOf } from "../pipeline/graph.ts";
import type { StepMessage } from "../queue/step-queue.ts";
import { newlyReady, plan } from "../state/plan.ts";
import type { EndState, Outcome, Run, RunError } from "../state/run.ts";

/** The hint that starts a step: its only attempt, or the map as a whole. */
export function firstMessage(run: Run, graph: Graph, number: number): StepMessage {
  const node = stepOf(graph, number);
  return { runId: run.runId, step: node.name, index: node.over === undefined ? 0 : "map", epoch: run.epoch };
}

/** Sends the hints for steps that are ready. Sent twice they do no harm: the claim absorbs the second. */
export async function dispatch(
  engine: Engine,
  run: Run,
  graph: Graph,
  numbers: readonly number[],
): Promise<void> {
  if (numbers.length > 0) await engine.queue.send(numbers.map((number) => firstMessage(run, graph, number)));
}

/** Ends a run, and tells of it if it was this call that ended it. */
export async function endRun(engine: Engine, run: Run, to: EndState): Promise<void> {
  const now = engine.clock.now();
  const from = to === "CANCELLED" ? "CANCELLING" : "RUNNING";
  if (!(await engine.store.endRun(run.runId, run.epoch, from, to, new Date(now).toISOString()))) return;
  const { runId, pipeline, name } = run;
  const milliseconds = now - Date.parse(run.startedAt);
  engine.log.info("run ended", { runId, pipeline, name, state: to, milliseconds });
  engine.meter.count("RunEnded", { pipeline, state: to });
  engine.meter.duration("RunDuration", milliseconds, { pipeline });
}

/**
 * Tells a run that one of its steps ended: adds it to the progress, then starts what became ready or ends the run.
 * Walked again after a crash it does the same again, and nothing twice.
 */
export async function advanceRun(
  engine: Engine,
  run: Run,
  graph: Graph,
  step: number,
  outcome: Outcome,
  error?: RunError,
): Promise<void> {
  const joined = await engine.store.joinRun(run.runId, run.epoch, step, outcome, error);
  // Of a run being cancelled nothing more is started; cancel-run.ts ends it.
  if (joined?.state !== "RUNNING") return;
  const { end } = plan(graph, joined.progress);
  if (end !== undefined) return endRun(engine, joined, end);
  await dispatch(engine, joined, graph, newlyReady(graph, joined.progress, step));
}
