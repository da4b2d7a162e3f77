import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The folder of all job families, and the build context of their images. */
export const batchJobsFolder = "batch-jobs";

/** The file in that folder that builds the images of all families. */
export const dockerfile = "Dockerfile";

/**
 * Job families: the folders under `batch-jobs/` that hold a contract. The same folders name the job definitions, so a
 * family cannot have a contract without a definition.
 *
 * @param root of the repository
 */
export function listFamilies(root: string): string[] {
  return readdirSync(join(root, batchJobsFolder), { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && existsSync(join(root, batchJobsFolder, entry.name, "contract.ts")),
    )
    .map((entry) => entry.name)
    .sort();
}

/**
 * Name of the family's repository in the registry. Stages of an account share it, because only the content identifies
 * an image.
 */
export function repositoryName(family: string): string {
  return `millrace/${family}`;
}
