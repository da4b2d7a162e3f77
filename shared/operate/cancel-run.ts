import type { Engine } from "../engine.ts";
import { RunNotFoundError } from "../run/run-errors.ts";
import { isActive, type Run } from "../state/run.ts";
import { settleCancellation } from "../worker/settle-cancellation.ts";

/**
 * Cancels a run: nothing new starts, Batch jobs are ended, and the run is CANCELLED once none is left. Asked again it
 * goes on where it was; of a run that has ended it changes nothing.
 *
 * @returns the run as it then is
 * @throws RunNotFoundError
 */
export async function cancelRun(engine: Engine, runId: string): Promise<Run> {
  const run = await engine.store.requestCancel(
    runId,
    engine.clock.now() + engine.settings.sweepSeconds * 1000,
  );
  if (run === undefined) throw new RunNotFoundError(runId);
  if (!isActive(run)) return run;
  await settleCancellation(engine, run);
  return (await engine.store.getRun(runId)) ?? run;
}
