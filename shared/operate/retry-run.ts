import type { Engine } from "../ports/engine.ts";
import { reopenRun } from "../run/reopen-run.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import type { EndedRun, Run } from "../state/run.ts";

const remedies: Partial<Record<Run["state"], string>> = {
  SUCCEEDED: "start a new run instead",
  PAUSED: "resume it instead",
};

/** @throws RunStateError if the run can't be reopened */
function checkRetryable(run: Run): asserts run is EndedRun {
  const { runId, state, cause } = run;
  if (cause.kind === "step") {
    throw new RunStateError(
      `run ${runId} is a step of run ${cause.runId}; retry that one, and this one goes on with it`,
    );
  }
  if (state === "FAILED" || state === "CANCELLED" || state === "TIMED_OUT") return;
  const remedy = remedies[state] ?? "cancel it first, or wait for its end";
  throw new RunStateError(
    `run ${runId} is ${state}; only a failed, cancelled or timed out run can be retried: ${remedy}`,
  );
}

/**
 * Reopens a run that ended without success, in a new epoch. Only steps without a result run again, with the graph that
 * the run started with and the code that is deployed now.
 *
 * @returns the run after the call
 * @throws RunNotFoundError
 * @throws RunStateError if the run is under way, has succeeded, is another run's step, or ended so recently that its
 * hook and notices haven't begun
 */
export async function retryRun(engine: Engine, runId: string): Promise<Run> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  checkRetryable(run);
  const opened = await reopenRun(engine, run, "manual");
  if (opened.kind === "untold") {
    throw new RunStateError(
      `run ${runId} has only just ended, and nobody was told of it yet (${opened.steps.join(", ")}); retry it again in some seconds`,
    );
  }
  if (opened.kind === "gone") {
    throw new RunStateError(
      `run ${runId} was opened again by someone else just now; look at it before you go on`,
    );
  }
  engine.log.info("run retried", { runId, pipeline: run.pipeline, epoch: opened.run.epoch });
  return (await engine.store.getRun(runId)) ?? opened.run;
}
