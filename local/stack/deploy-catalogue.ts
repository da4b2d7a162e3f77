import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "./paths.ts";

/** What a deployment is made from, but for the catalogue of pipelines. */
const serviceSources = [
  "functions",
  "shared",
  "resources",
  "batch-jobs",
  "serverless.yml",
  "package.json",
  "package-lock.json",
];

/** Another catalogue of pipelines, for a measurement or a test. Paths are the repository's. */
export type Catalogue = {
  /** What stands in place of `pipelines/index.ts`: TypeScript that exports `pipelines`. */
  index: string;
  /** Files and folders that it imports, besides what every service is made from. */
  sources: readonly string[];
  /** Folders of job families that its pipelines use, besides those of the service. */
  families?: readonly string[];
  /** Further files, as texts by their paths in the service. */
  files?: Readonly<Record<string, string>>;
};

/** Folder of a service whose jobs can be run, for the local Batch server. */
export function jobsOf(serviceDir: string): string {
  return path.join(serviceDir, "batch-jobs");
}

/**
 * Makes a folder that differs from the product in its catalogue of pipelines alone. So everything is deployed as it is
 * for a user, and no product code knows of measurements and tests. Copies and not links, because bundling follows links
 * to where the product's own catalogue lies.
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
