/**
 * Writes the JSON Schemas of the job contracts: `{family}/schemas/{job}.input.json` and `{job}.output.json` for each
 * folder here that holds a contract.ts. With `--check` it writes nothing and fails when a committed file is out of date.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as z from "zod";
import type { Job } from "../shared/pipeline/index.ts";
import { schemasOf, staleSchemas } from "./job-schemas.ts";

type AnyJob = Job<z.ZodType, z.ZodType>;

const root = import.meta.dirname;

/** Path and content of every schema file of a family. */
async function schemasOfFamily(family: string): Promise<Map<string, string>> {
  const contract: Record<string, unknown> = await import(join(root, family, "contract.ts"));
  const jobs = contract[family];
  if (typeof jobs !== "object" || jobs === null) {
    throw new Error(`${family}/contract.ts must export an object named ${family}, of its jobs`);
  }
  const files = new Map<string, string>();
  for (const [key, job] of Object.entries(jobs as Record<string, AnyJob>)) {
    if (job.name !== `${family}.${key}`) {
      throw new Error(
        `${family}/contract.ts: the job ${key} is called ${job.name}; call it ${family}.${key}`,
      );
    }
    for (const [file, text] of schemasOf(job)) files.set(file, text);
  }
  return files;
}

/** The schema files that a family has now. */
function present(family: string): string[] {
  const folder = join(family, "schemas");
  return existsSync(join(root, folder))
    ? readdirSync(join(root, folder)).map((name) => join(folder, name))
    : [];
}

const families = readdirSync(root).filter((name) => existsSync(join(root, name, "contract.ts")));
const check = process.argv.includes("--check");
const changed: string[] = [];

for (const family of families) {
  const files = await schemasOfFamily(family);
  const orphans = present(family).filter((file) => !files.has(file));
  const stale = staleSchemas(root, files);
  changed.push(...orphans, ...stale);
  if (check) continue;
  for (const file of orphans) rmSync(join(root, file));
  for (const file of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), files.get(file) ?? "");
  }
}

const names = changed.join("\n  ");
if (check && changed.length > 0) {
  console.error(`Out of date; run npm run schemas and commit:\n  ${names}`);
  process.exitCode = 1;
} else {
  console.log(changed.length === 0 ? "Job schemas are up to date." : `Written:\n  ${names}`);
}
