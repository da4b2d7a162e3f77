import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { batchJobsFolder, dockerfile } from "./family.ts";

/** A file of the build context: its path there and its bytes. */
export type ContextFile = { path: string; bytes: Uint8Array };

/**
 * Whether an image contains a file. It leaves out what `batch-jobs/.dockerignore` leaves out too: none of that changes
 * what a job does.
 */
export function isInImage(path: string): boolean {
  return !path
    .split("/")
    .some(
      (part) => part.startsWith(".") || part === "__pycache__" || part === "tests" || part.endsWith(".ts"),
    );
}

/**
 * Hash over everything that an image is made of, 20 hexadecimal digits of SHA-256. It is the image's tag: the same
 * files give the same tag on every machine, whatever their order, times and owners.
 */
export function contentHash(files: readonly ContextFile[]): string {
  const hash = createHash("sha256");
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    // The lengths ensure that moving bytes from one name or file to its neighbour changes the hash.
    hash.update(`${Buffer.byteLength(file.path)}:${file.path}:${file.bytes.byteLength}:`);
    hash.update(file.bytes);
  }
  return hash.digest("hex").slice(0, 20);
}

/** The files of a family's image: its own folder with its lock, the job SDK's, and the Dockerfile. */
export function imageFiles(root: string, family: string): ContextFile[] {
  const context = join(root, batchJobsFolder);
  const inFolders = [family, "sdk"].flatMap((folder) =>
    readdirSync(join(context, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(context.length + 1)
          .replaceAll("\\", posix.sep),
      )
      .filter(isInImage),
  );
  return [dockerfile, ...inFolders].map((path) => ({ path, bytes: readFileSync(join(context, path)) }));
}
