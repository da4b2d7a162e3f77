/**
 * Writes the JSON Schemas of the job contracts: `{family}/schemas/{job}.input.json` and `{job}.output.json` for each
 * folder here that holds a contract.ts. With `--check` it writes nothing and fails when a committed file is out of date.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import * as z from "zod";
import type { Job } from "../shared/pipeline/index.ts";

type AnyJob = Job<z.ZodType, z.ZodType>;

const root = import.meta.dirname;

/** Path and content of every schema file of a family. */
async function schemasOf(family: string): Promise<Map<string, string>> {
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
    // What crosses the border: the input as the engine has parsed it, the output as the engine will parse it.
    files.set(fileOf(family, key, "input"), format(z.toJSONSchema(job.input, { io: "output" })));
    files.set(fileOf(family, key, "output"), format(z.toJSONSchema(job.output, { io: "input" })));
  }
  return files;
}

const fileOf = (family: string, job: string, side: string): string =>
  join(root, family, "schemas", `${job}.${side}.json`);

const format = (schema: unknown): string => `${JSON.stringify(schema, null, 2)}\n`;

const current = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, "utf8") : undefined;

const families = readdirSync(root).filter((name) => existsSync(join(root, name, "contract.ts")));
const check = process.argv.includes("--check");
const stale: string[] = [];

for (const family of families) {
  const files = await schemasOf(family);
  const folder = join(root, family, "schemas");
  if (!check) mkdirSync(folder, { recursive: true });
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const orphans = present.filter((name) => !files.has(join(folder, basename(name))));
  for (const name of orphans) {
    stale.push(join(folder, name));
    if (!check) rmSync(join(folder, name));
  }
  for (const [path, text] of files) {
    if (current(path) === text) continue;
    stale.push(path);
    if (!check) writeFileSync(path, text);
  }
}

const names = stale.map((path) => relative(root, path)).join("\n  ");
if (check && stale.length > 0) {
  console.error(`Out of date; run node batch-jobs/generate-schemas.ts and commit:\n  ${names}`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? "Job schemas are up to date." : `Written:\n  ${names}`);
}
