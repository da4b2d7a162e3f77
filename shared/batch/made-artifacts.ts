import { type Artifact, artifactsIn } from "../pipeline/job.ts";
import { type ObjectStore, parseObjectUri } from "../ports/object-store.ts";
import type { Run } from "../state/run.ts";
import type { SucceededStep } from "../state/step-record.ts";
import { loadValue } from "../step/stored-value.ts";
import { readManifest } from "./job-files.ts";

/** An artifact's path below its attempt's prefix: `report/scores.table.json`. */
export function artifactName(uri: string): string {
  return parseObjectUri(uri).key.split("/").slice(6).join("/");
}

/**
 * Everything that a step's record says was made. A job's manifest lists it all, including reports.
 *
 * @throws ValueMissingError if the object that holds the result is gone
 */
export async function artifactsMadeBy(
  objects: ObjectStore,
  run: Run,
  record: SucceededStep,
  isJob: boolean,
): Promise<Artifact[]> {
  const { epoch, attempt, index, runId, step } = record;
  const manifest =
    isJob && record.state === "SUCCEEDED" && typeof index === "number"
      ? await readManifest({ objects }, run, { runId, step, index, epoch, attempt })
      : undefined;
  return manifest?.artifacts ?? artifactsIn(await loadValue({ objects }, record.output));
}
