import { modelPrefix } from "../objects/layout.ts";
import type { Artifact } from "../pipeline/job.ts";
import type { ModelRegistration, ModelVersion } from "../pipeline/model.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import { digestOf } from "./model-digest.ts";
import { checkSize, filesOf, folderOf, ModelFilesError } from "./model-files.ts";

/** The facts about a version's origin that its registration doesn't contain. */
export type Lineage = Pick<ModelVersion, "registeredBy" | "commit" | "training">;

/**
 * Number of copies at a time: enough for many small files, and few enough that large ones don't slow each other down.
 */
const maxConcurrentCopies = 16;

/** An object to copy, and the key that it gets. */
type Copy = { readonly artifact: Artifact; readonly key: string };

async function copyOne(engine: Engine, { artifact, key }: Copy): Promise<Artifact> {
  const uri = engine.objects.locate(key);
  const copy = await engine.objects.copy(artifact, uri);
  if (copy === undefined) {
    throw new ModelFilesError(`${artifact.uri} no longer exists`, {
      remedy: "Make the model again: start the run with refresh.",
    });
  }
  const { sha256, versionId } = copy;
  if (sha256 !== artifact.sha256) {
    throw new ModelFilesError(
      `${artifact.uri} has SHA-256 ${sha256}, not ${artifact.sha256} as its artifact says: it was overwritten or is damaged`,
      { remedy: "Make the model again: start the run with refresh." },
    );
  }
  const { bytes, mediaType } = artifact;
  return { uri, sha256, bytes, mediaType, ...(versionId !== undefined && { versionId }) };
}

/**
 * Registers a model as a version. Its files are copied first, and each is checked against its SHA-256. The version is
 * written last, so every listed version is complete. If the registration is repeated, even after a crash at any point,
 * it yields the same version: a source (the model's folder and content) keeps its first number.
 *
 * @throws ModelFilesError if the files aren't a model, are gone, or differ from what their artifacts say
 */
export async function registerVersion(
  engine: Engine,
  { model, attachments, ...described }: ModelRegistration,
  lineage: Lineage,
): Promise<ModelVersion> {
  const { name } = described;
  const files = filesOf(model);
  const attached = Object.entries(attachments);
  for (const [, artifact] of attached) checkSize(artifact);
  const digest = digestOf(files.map(({ path, artifact }) => [path, artifact.sha256]));
  const version = await engine.models.reserveVersion(name, digestOf([folderOf(model.uri), digest]));
  const known = await engine.models.getVersion(name, version);
  if (known !== undefined) return known;
  const prefix = modelPrefix(name, version);
  const folder = `${prefix}model/`;
  const copyAll = (copies: readonly Copy[]) =>
    mapConcurrently(copies, (copy) => copyOne(engine, copy), maxConcurrentCopies);
  const kept = await copyAll(files.map(({ path, artifact }) => ({ artifact, key: folder + path })));
  const keptAttachments = await copyAll(
    attached.map(([key, artifact]) => ({
      artifact,
      key: `${prefix}attachments/${key}/${baseName(artifact)}`,
    })),
  );
  return engine.models.putVersion({
    ...described,
    version,
    registeredAt: new Date(engine.clock.now()).toISOString(),
    model: { uri: engine.objects.locate(folder), files: kept },
    attachments: Object.fromEntries(
      keptAttachments.map((artifact, place) => [attached[place]?.[0] ?? "", artifact]),
    ),
    digest,
    source: model.uri,
    ...lineage,
  });
}

const baseName = ({ uri }: Artifact) => uri.slice(uri.lastIndexOf("/") + 1);
