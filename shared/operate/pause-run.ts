import type { Engine } from "../ports/engine.ts";
import { dispatch } from "../run/dispatch.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import { graphOf } from "../run/run-graph.ts";
import { plan } from "../state/plan.ts";
import type { Run } from "../state/run.ts";
import { sweepRun } from "../worker/sweep-run.ts";

async function runNamed(engine: Engine, runId: string): Promise<Run> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  return run;
}

/**
 * Pauses a run: steps that run continue to their end, and nothing new starts until it's resumed. A repeated call
 * changes nothing.
 *
 * @returns the run after the call
 * @throws RunNotFoundError
 * @throws RunStateError if the run isn't under way
 */
export async function pauseRun(engine: Engine, runId: string): Promise<Run> {
  const run = await runNamed(engine, runId);
  const moved = await engine.store.moveRun(runId, run.epoch, { to: "PAUSED" }, nextSweep(engine));
  if (moved?.state === "PAUSED") return moved;
  throw new RunStateError(
    `run ${runId} is ${(moved ?? run).state}; only a run that is RUNNING can be paused`,
  );
}

/**
 * Resumes a paused run. A repeated call changes nothing.
 *
 * @returns the run after the call
 * @throws RunNotFoundError
 * @throws RunStateError if the run isn't paused
 */
export async function resumeRun(engine: Engine, runId: string): Promise<Run> {
  const run = await runNamed(engine, runId);
  const activeSince = run.activeSince ?? new Date(engine.clock.now()).toISOString();
  const move = { to: "RUNNING", activeSince } as const;
  const moved =
    run.state === "PAUSED" ? await engine.store.moveRun(runId, run.epoch, move, nextSweep(engine)) : run;
  if (moved?.state !== "RUNNING") {
    throw new RunStateError(
      `run ${runId} is ${(moved ?? run).state}; only a run that is PAUSED can be resumed`,
    );
  }
  const graph = await graphOf(engine, moved);
  await dispatch(engine, moved, graph, plan(graph, moved.progress).ready);
  // The sweep also finds the children and the retries that the pause stopped.
  await sweepRun(engine, runId);
  return (await engine.store.getRun(runId)) ?? moved;
}
