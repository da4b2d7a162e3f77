import type { Artifact } from "../pipeline/job.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { ModelFolder } from "../pipeline/model.ts";
import { maxCopy } from "../ports/object-store.ts";

/** A model's folder can't be registered, or has changed. */
export class ModelFilesError extends errorOf("MODEL_FILES") {}

/** The file that makes a folder a model in MLflow's format. */
const entry = "MLmodel";

/** A file of a model, by its path within the folder. */
export type ModelFile = { readonly path: string; readonly artifact: Artifact };

/** A folder's location as a prefix: with the slash at its end. */
export const folderOf = (uri: string) => (uri.endsWith("/") ? uri : `${uri}/`);

/** S3 takes such parts of a key literally, but a program that downloads the folder to a disk doesn't. */
const isUnsafe = (path: string) =>
  path.split("/").some((part) => part === "" || part === "." || part === "..");

/**
 * The files of a model, ordered by path.
 *
 * @throws ModelFilesError if the folder has no `MLmodel`, or if a file is elsewhere, is listed twice or is too large to
 * copy
 */
export function filesOf({ uri, files }: ModelFolder): ModelFile[] {
  const folder = folderOf(uri);
  const byPath = new Map<string, ModelFile>();
  for (const artifact of files) {
    const path = artifact.uri.startsWith(folder) ? artifact.uri.slice(folder.length) : "";
    if (isUnsafe(path)) {
      throw new ModelFilesError(`model.files: ${artifact.uri} is not in the model's folder ${folder}`);
    }
    if (byPath.has(path)) throw new ModelFilesError(`model.files: ${artifact.uri} is listed twice`);
    checkSize(artifact);
    byPath.set(path, { path, artifact });
  }
  if (!byPath.has(entry)) {
    throw new ModelFilesError(`model.files: there is no ${folder}${entry}`, {
      remedy: "Save the model in MLflow's format, and list every file of the folder.",
    });
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws ModelFilesError if S3 can't copy the object in one call */
export function checkSize({ uri, bytes }: Artifact): void {
  if (bytes <= maxCopy) return;
  const gigabytes = (bytes / 1024 ** 3).toFixed(1);
  throw new ModelFilesError(`${uri} has ${gigabytes} GiB; S3 copies up to 5 GiB at once`, {
    remedy: "Save it in parts.",
  });
}
