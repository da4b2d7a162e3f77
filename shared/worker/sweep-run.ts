import type { Engine } from "../engine.ts";
import { stepOf } from "../pipeline/graph.ts";
import { endRun } from "../run/advance-run.ts";
import { graphOf } from "../run/run-graph.ts";
import { plan } from "../state/plan.ts";
import type { Run } from "../state/run.ts";
import { settleCancellation } from "./settle-cancellation.ts";
import { sweepStep } from "./sweep-step.ts";

/** Most runs that one sweep looks at; the next tick takes the others. */
const runsPerSweep = 100;

async function sweepRunning(engine: Engine, run: Run): Promise<void> {
  const graph = await graphOf(engine, run);
  const { ready, end } = plan(graph, run.progress);
  if (end !== undefined) return endRun(engine, run, end);
  const records = await engine.store.listSteps(run.runId);
  for (const number of ready) {
    const node = stepOf(graph, number);
    await sweepStep(
      engine,
      { run, graph, node },
      records.filter(({ step }) => step === node.name),
    );
  }
}

/** Looks after one run: whatever a lost message, a dead worker or a lost event left behind goes on from here. */
export async function sweepRun(engine: Engine, runId: string): Promise<void> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) return;
  // First of all the next look, so that a run that breaks the sweep does not stop it for the others.
  await engine.store.deferRun(runId, engine.clock.now() + engine.settings.sweepSeconds * 1000);
  if (run.state === "CANCELLING") return settleCancellation(engine, run);
  if (run.state === "RUNNING") await sweepRunning(engine, run);
}

/**
 * Looks after every run that is due, each on its own: one that fails is logged and does not keep the others waiting.
 *
 * @returns how many were looked at
 */
export async function sweepRuns(engine: Engine): Promise<number> {
  const due = await engine.store.dueRuns(engine.clock.now(), runsPerSweep);
  for (const runId of due) {
    try {
      await sweepRun(engine, runId);
    } catch (error) {
      engine.log.error("sweep of a run failed", { runId, error });
    }
  }
  return due.length;
}
