import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "./paths.ts";

/** The sources of a deployment, except for the catalogue of pipelines. */
const serviceSources = [
  "functions",
  "shared",
  "resources",
  "batch-jobs",
  // The code of the functions that run jobs.
  "local/functions",
  "serverless.yml",
  "package.json",
  "package-lock.json",
];

/** Another catalogue of pipelines, for a measurement or a test. Paths are relative to the repository. */
export type Catalogue = {
  /** Replaces `pipelines/index.ts`: TypeScript that exports `pipelines`. */
  index: string;
  /** Files and folders that it imports, in addition to the sources of every service. */
  sources: readonly string[];
  /** Folders of job families that its pipelines use, in addition to those of the service. */
  families?: readonly string[];
  /** Further files, as texts by their paths in the service. */
  files?: Readonly<Record<string, string>>;
};

/** Folder of a service whose jobs can be run, for the local Batch server. */
export function jobsOf(serviceDir: string): string {
  return path.join(serviceDir, "batch-jobs");
}

/**
 * Creates a folder that differs from the product only in its catalogue of pipelines. So everything is deployed as it is
 * for a user, and product code doesn't refer to measurements and tests. It copies and doesn't link, because bundling
 * follows links to the product's own catalogue.
 */
export function copyService(serviceDir: string, catalogue: Catalogue): void {
  const { index, sources, families = [], files = {} } = catalogue;
  const copied = (source: string, target: string) =>
    cpSync(path.join(REPOSITORY, source), path.join(serviceDir, target), { recursive: true });
  for (const source of [...serviceSources, ...sources]) copied(source, source);
  for (const family of families) copied(family, path.join("batch-jobs", path.basename(family)));
  rmSync(path.join(serviceDir, "pipelines"), { recursive: true, force: true });
  for (const [file, text] of Object.entries({ "pipelines/index.ts": index, ...files })) {
    mkdirSync(path.dirname(path.join(serviceDir, file)), { recursive: true });
    writeFileSync(path.join(serviceDir, file), `${text}\n`);
  }
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(serviceDir, "node_modules"));
}
