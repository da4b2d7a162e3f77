import type { Artifact } from "../pipeline/job.ts";
import type { Engine } from "../ports/engine.ts";
import { originOf, type Publication } from "../state/publication.ts";
import type { Run } from "../state/run.ts";
import { checkPublication, PublishError, publishArtifact } from "./publish-artifact.ts";

/** Copies what is recorded. Another run's artifact may have expired since; then the copy that was made stays. */
async function copyRecorded(
  { objects, log }: Engine,
  recorded: Publication,
  isOwn: boolean,
): Promise<Artifact | undefined> {
  try {
    return await publishArtifact(objects, recorded.artifact, recorded.key);
  } catch (error) {
    if (isOwn || !(error instanceof PublishError)) throw error;
    log.warn("what is published is no longer there to be copied again", { key: recorded.key, error });
    return undefined;
  }
}

/**
 * Publishes an artifact at a key that is for the newest, unless a run for something newer has published there.
 *
 * The record in the table decides, and the copy follows it. A worker that stood still between the two may overwrite a
 * newer copy. So each worker looks at the record again after its copy, and copies what is recorded then.
 *
 * @returns the copy; the artifact itself if another run's is newer
 * @throws PublishError as {@link publishArtifact} does
 */
export async function publishNewest(
  engine: Engine,
  run: Run,
  artifact: Artifact,
  key: string,
): Promise<Artifact> {
  checkPublication(artifact, key);
  const { runId } = run;
  const { versionId, ...others } = artifact;
  let recorded = await engine.publications.record({
    ...{ key, runId, origin: originOf(run) },
    artifact: { ...others, ...(versionId !== undefined && { versionId }) },
  });
  for (;;) {
    const isOwn = recorded.runId === runId;
    const copy = await copyRecorded(engine, recorded, isOwn);
    const latest = await engine.publications.get(key);
    const isLatest = latest === undefined || latest.artifact.uri === recorded.artifact.uri;
    if (isLatest) return isOwn && copy !== undefined ? copy : artifact;
    recorded = latest;
  }
}
