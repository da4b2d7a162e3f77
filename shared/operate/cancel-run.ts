import { cancelRunAs } from "../cancel/settle-cancellation.ts";
import type { Engine } from "../ports/engine.ts";
import { RunNotFoundError } from "../run/run-errors.ts";
import { isActive, type Run } from "../state/run.ts";

/**
 * Cancels a run in whatever state it is: nothing new starts, Batch jobs and child runs are ended, and the run is
 * CANCELLED once none is left. Asked again it goes on where it was; of a run that has ended it changes nothing.
 *
 * @returns the run as it then is
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
