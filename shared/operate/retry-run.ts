import type { Engine } from "../engine.ts";
import { dispatch } from "../run/advance-run.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import { graphOf } from "../run/run-graph.ts";
import { plan } from "../state/plan.ts";
import type { Run } from "../state/run.ts";

/**
 * Opens a failed or cancelled run again, in a new epoch: only what did not succeed runs again, by the graph that the
 * run started with and the code that is deployed now.
 *
 * @returns the run as it then is
 * @throws RunNotFoundError
 * @throws RunStateError for a run that is under way or succeeded
 */
export async function retryRun(engine: Engine, runId: string): Promise<Run> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  if (run.state !== "FAILED" && run.state !== "CANCELLED") {
    const remedy =
      run.state === "SUCCEEDED" ? "start a new run instead" : "cancel it first, or wait for its end";
    throw new RunStateError(
      `run ${runId} is ${run.state}; only a failed or cancelled run can be retried: ${remedy}`,
    );
  }
  const dueAt = engine.clock.now() + engine.settings.sweepSeconds * 1000;
  const reopened = await engine.store.reopenRun(runId, run.epoch, dueAt);
  if (reopened === undefined) {
    throw new RunStateError(
      `run ${runId} was opened again by someone else just now; look at it before you go on`,
    );
  }
  const graph = await graphOf(engine, reopened);
  await dispatch(engine, reopened, graph, plan(graph, reopened.progress).ready);
  engine.log.info("run retried", { runId, pipeline: run.pipeline, epoch: reopened.epoch });
  return reopened;
}
