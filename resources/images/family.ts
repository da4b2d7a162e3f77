import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The folder of all job families, and the build context of their images. */
export const batchJobsFolder = "batch-jobs";

/** What the images of all families are built by, in that folder. */
export const dockerfile = "Dockerfile";

/**
 * Job families: the folders under `batch-jobs/` that hold a contract. The same folders name the job definitions, so
 * that a family cannot have a contract without a definition.
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

/** Name of the family's repository in the registry. Stages of an account share it: an image is what it holds. */
export function repositoryName(family: string): string {
  return `millrace/${family}`;
}
