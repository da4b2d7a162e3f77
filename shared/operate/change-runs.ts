import { shownError } from "../pipeline/millrace-error.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import { cancelRun } from "./cancel-run.ts";
import { retryRun } from "./retry-run.ts";
import type { ChangedRuns } from "./run-answer.ts";

/** Number of runs that one request may change. */
export const maxRunsAtOnce = 50;

/** Number of runs that are changed at a time. */
const atOnce = 5;

/** Milliseconds after which no further run is begun, so that the answer comes before the function's timeout. */
const patience = 10_000;

/** Does the same to each run. What happens to one doesn't depend on the others, and each has its own line. */
async function changeEach(
  engine: Engine,
  runIds: readonly string[],
  change: (runId: string) => Promise<{ readonly run: Run; readonly changed: boolean }>,
): Promise<ChangedRuns> {
  const { clock } = engine;
  const begun = clock.now();
  const one = async (runId: string): Promise<ChangedRuns["runs"][number]> => {
    if (clock.now() - begun >= patience) {
      const message = "there was no time left for this run; nothing was changed";
      return { runId, changed: false, error: { name: "NotTried", message, remedy: "Ask for it again." } };
    }
    try {
      const { run, changed } = await change(runId);
      return { runId, changed, pipeline: run.pipeline, state: run.state };
    } catch (error) {
      const { name, message, code, remedy } = shownError(error);
      const more = { ...(code !== undefined && { code }), ...(remedy !== undefined && { remedy }) };
      return { runId, changed: false, error: { name, message, ...more } };
    }
  };
  return { runs: await mapConcurrently([...new Set(runIds)], one, atOnce) };
}

/** Cancels runs. One that has ended before stays as it is. @returns what happened to each, in the order of the ids */
export function cancelRuns(engine: Engine, runIds: readonly string[]): Promise<ChangedRuns> {
  return changeEach(engine, runIds, async (runId) => {
    const run = await cancelRun(engine, runId);
    return { run, changed: run.state === "CANCELLING" || run.state === "CANCELLED" };
  });
}

/** Retries runs. @returns what happened to each, in the order of the ids */
export function retryRuns(engine: Engine, runIds: readonly string[]): Promise<ChangedRuns> {
  return changeEach(engine, runIds, async (runId) => ({ run: await retryRun(engine, runId), changed: true }));
}
