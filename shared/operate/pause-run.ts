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
 * Pauses a run: what runs ends, and nothing new starts until it is resumed. Asked again it changes nothing.
 *
 * @returns the run as it then is
 * @throws RunNotFoundError
 * @throws RunStateError for a run that is not under way
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
 * Resumes a paused run. Asked again it changes nothing.
 *
 * @returns the run as it then is
 * @throws RunNotFoundError
 * @throws RunStateError for a run that is not paused
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
  // Children and retries that the pause stopped are among what the sweep looks for.
  await sweepRun(engine, runId);
  return (await engine.store.getRun(runId)) ?? moved;
}
