import type { RunStore } from "../../ports/run-store.ts";
import type { Run } from "../../state/run.ts";

/** Whole runs by their ids, in one round. Those that don't exist are left out. */
export async function runRecords(
  store: Pick<RunStore, "getRuns">,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, Run>> {
  const runs = runIds.length === 0 ? [] : await store.getRuns(runIds);
  return new Map(runs.map((run) => [run.runId, run]));
}
