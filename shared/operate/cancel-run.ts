import { cancelRunAs } from "../cancel/settle-cancellation.ts";
import type { Engine } from "../ports/engine.ts";
import { RunNotFoundError } from "../run/run-errors.ts";
import { isActive, type Run } from "../state/run.ts";

/**
 * Cancels a run in any state: nothing new starts, Batch jobs and child runs are ended, and the run is CANCELLED once
 * none is left. A repeated call continues where the last one stopped. If the run has ended, nothing changes.
 *
 * @returns the run after the call
 * @throws RunNotFoundError
 */
export async function cancelRun(
  engine: Engine,
  runId: string,
  reason = "cancelled by an operator",
): Promise<Run> {
  const run = await engine.store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  if (!isActive(run)) return run;
  await cancelRunAs(engine, run, "CANCELLED", reason);
  return (await engine.store.getRun(runId)) ?? run;
}
