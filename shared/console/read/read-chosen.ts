import type { Engine } from "../../ports/engine.ts";
import type { Run } from "../../state/run.ts";
import { runRecords } from "./run-records.ts";

/** The runs that were ticked, in their order; a run that doesn't exist is undefined. */
export type ChosenPageData = {
  readonly runs: readonly { readonly runId: string; readonly run: Run | undefined }[];
};

/** Reads the chosen runs in one round. */
export async function readChosen({ store }: Engine, runIds: readonly string[]): Promise<ChosenPageData> {
  const ids = [...new Set(runIds)];
  const records = await runRecords(store, ids);
  return { runs: ids.map((runId) => ({ runId, run: records.get(runId) })) };
}
