import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { GetObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { Artifact } from "../../shared/pipeline/job.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { parseObjectUri } from "../../shared/ports/object-store.ts";
import type { Target } from "./target.ts";

/**
 * An artifact's bytes as they arrive. They are those of the version that was made, whatever was written or removed
 * since.
 *
 * @throws MillraceError if it's gone, or, after the last byte, if its SHA-256 differs from the one that the step noted
 */
export async function* artifactBytes(
  { config, stage }: Target,
  { uri, versionId, sha256 }: Artifact,
): AsyncGenerator<Uint8Array, void> {
  const client = new S3Client({ ...config, forcePathStyle: stage === "local" });
  const { bucket, key } = parseObjectUri(uri);
  const hash = createHash("sha256");
  try {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
    );
    for await (const chunk of Body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    const gone = error instanceof S3ServiceException && ["NoSuchKey", "NoSuchVersion"].includes(error.name);
    if (!gone) throw error;
    throw new MillraceError("ARTIFACT_GONE", `${uri} no longer exists: it was removed, or it expired`);
  } finally {
    client.destroy();
  }
  const found = hash.digest("hex");
  if (found === sha256) return;
  throw new MillraceError(
    "DIGEST_MISMATCH",
    `${uri} has SHA-256 ${found}, not ${sha256} as the step made it`,
  );
}

/**
 * Writes an artifact to a file. The file appears only when it's complete and checked.
 *
 * @throws MillraceError if the file exists, and as {@link artifactBytes} does
 */
export async function downloadArtifact(target: Target, artifact: Artifact, file: string): Promise<void> {
  if (existsSync(file)) throw new MillraceError("FILE_EXISTS", `${file} already exists`);
  const part = `${file}.part`;
  try {
    const handle = await open(part, "w").catch((error: NodeJS.ErrnoException) => {
      throw new MillraceError("FILE_NOT_WRITTEN", `${file} cannot be written (${error.code})`, {
        remedy: "Choose another file with --output.",
      });
    });
    try {
      for await (const chunk of artifactBytes(target, artifact)) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}
