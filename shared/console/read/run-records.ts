import { mapConcurrently } from "../../platform/map-concurrently.ts";
import type { RunStore } from "../../ports/run-store.ts";
import type { Run } from "../../state/run.ts";

/** Whole runs by their ids, in one round for a page of runs. Those that don't exist are left out. */
export async function runRecords(
  store: Pick<RunStore, "getRun">,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, Run>> {
  const found = await mapConcurrently(runIds, (runId) => store.getRun(runId), 50);
  return new Map(found.flatMap((run) => (run === undefined ? [] : [[run.runId, run] as const])));
}
