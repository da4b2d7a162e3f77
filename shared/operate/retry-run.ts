import type { Engine } from "../ports/engine.ts";
import { reopenRun } from "../run/reopen-run.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import type { EndedRun, Run } from "../state/run.ts";

const remedies: Partial<Record<Run["state"], string>> = {
  SUCCEEDED: "Start a new run instead.",
  PAUSED: "Resume it instead.",
};

/** @throws RunStateError if the run can't be reopened */
function checkRetryable(run: Run): asserts run is EndedRun {
  const { runId, state, cause } = run;
  if (cause.kind === "step") {
    throw new RunStateError(`run ${runId} is a step of run ${cause.runId}`, {
      remedy: `Retry that run: \`npx millrace retry ${cause.runId}\`. This one continues with it.`,
    });
  }
  if (state === "FAILED" || state === "CANCELLED" || state === "TIMED_OUT") return;
  const remedy = remedies[state] ?? "Cancel it first, or wait for its end.";
  throw new RunStateError(
    `run ${runId} is ${state}; only a failed, cancelled or timed out run can be retried`,
    { remedy },
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
  if (opened.kind === "pending") {
    throw new RunStateError(
      `run ${runId} has only just ended, and its notices are not sent yet (${opened.steps.join(", ")})`,
      { remedy: "Try again in a few seconds." },
    );
  }
  if (opened.kind === "gone") {
    throw new RunStateError(`run ${runId} was retried by someone else just now`);
  }
  engine.log.info("run retried", { runId, pipeline: run.pipeline, epoch: opened.run.epoch });
  return (await engine.store.getRun(runId)) ?? opened.run;
}
