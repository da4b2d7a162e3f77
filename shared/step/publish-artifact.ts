import { resultsPrefix } from "../objects/layout.ts";
import type { Artifact } from "../pipeline/job.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import { maxCopy, type ObjectStore } from "../ports/object-store.ts";

/** An artifact can't be published, or not under that key. */
export class PublishError extends errorOf("PUBLISH") {}

function checkKey(key: string): void {
  const parts = key.split("/");
  if (key.startsWith(resultsPrefix) && !parts.some((part) => ["", ".", ".."].includes(part))) return;
  throw new PublishError(`the key is "${key}"; it takes the form ${resultsPrefix}folder/name`);
}

/**
 * The bytes that were last published at a key under `results/`; undefined if there are none.
 *
 * @throws PublishError for any other key
 */
export async function readPublished(objects: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  checkKey(key);
  return objects.get(objects.locate(key));
}

/**
 * Checks what can be checked before the copy.
 *
 * @throws PublishError for a key outside `results/`, and for an artifact that is too large to copy
 */
export function checkPublication({ uri, bytes }: Pick<Artifact, "uri" | "bytes">, key: string): void {
  checkKey(key);
  if (bytes > maxCopy) {
    throw new PublishError(
      `${uri} has ${(bytes / 1024 ** 3).toFixed(1)} GiB; S3 copies up to 5 GiB at once`,
      { remedy: "Write it in parts." },
    );
  }
}

/**
 * Copies an artifact to a key under `results/`. If it's repeated, it writes the same content again. What was there
 * before stays as an older version.
 *
 * @returns the copy
 * @throws PublishError for any other key, and if the artifact is gone, has changed, or is too large to copy
 */
export async function publishArtifact(
  objects: ObjectStore,
  { uri, versionId: version, sha256, bytes, mediaType }: Artifact,
  key: string,
): Promise<Artifact> {
  checkPublication({ uri, bytes }, key);
  const result = objects.locate(key);
  const copy = await objects.copy({ uri, versionId: version }, result);
  if (copy === undefined)
    throw new PublishError(`${uri} no longer exists`, {
      remedy: "Make it again: start the run with refresh.",
    });
  if (copy.sha256 !== sha256) {
    throw new PublishError(`${uri} has SHA-256 ${copy.sha256}, not ${sha256} as its artifact says`, {
      remedy: "Make it again: start the run with refresh.",
    });
  }
  const { versionId } = copy;
  return { uri: result, sha256, bytes, mediaType, ...(versionId !== undefined && { versionId }) };
}
