import type { Engine } from "../engine.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import { beginRun } from "../run/start-run.ts";
import type { Run } from "../state/run.ts";

const remedies: Partial<Record<Run["state"], string>> = {
  SUCCEEDED: "start a new run instead",
  PAUSED: "resume it instead",
};

/** @throws RunStateError for a run that cannot be opened again */
function checkRetryable({ runId, state, cause }: Run): void {
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
 * Opens a run again that ended without success, in a new epoch: only what did not succeed runs again, by the graph that
 * the run started with and the code that is deployed now.
 *
 * @returns the run as it then is
 * @throws RunNotFoundError
 * @throws RunStateError for a run that is under way, succeeded, or is a step of another one
 */
export async function retryRun(engine: Engine, runId: string): Promise<Run> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  checkRetryable(run);
  const now = engine.clock.now();
  const dueAt = now + engine.settings.sweepSeconds * 1000;
  const opened = await engine.store.reopenRun(run, new Date(now).toISOString(), dueAt);
  if (opened?.state !== "RUNNING" && opened?.state !== "QUEUED") {
    throw new RunStateError(
      `run ${runId} was opened again by someone else just now; look at it before you go on`,
    );
  }
  await beginRun(engine, opened);
  engine.log.info("run retried", { runId, pipeline: run.pipeline, epoch: opened.epoch });
  return (await engine.store.getRun(runId)) ?? opened;
}
