import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/**
 * The sources of a deployment. Python sources of jobs don't belong to them: jobs use the working tree. The Python of a
 * family's function on the local stack is deployed.
 */
const DEPLOYED = [
  "local/functions/function_shim.py",
  "serverless.yml",
  "package-lock.json",
  "functions",
  "pipelines",
  "resources",
  "shared",
  "batch-jobs",
];
const DEPLOYED_FILE = /\.(ts|c?js|mjs|json|ya?ml)$/;

function filesUnder(start: string): string[] {
  if (!existsSync(start)) return [];
  if (statSync(start).isFile()) return [start];
  return readdirSync(start, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules")
    .flatMap((entry) => {
      const child = path.join(start, entry.name);
      if (entry.isDirectory()) return filesUnder(child);
      return DEPLOYED_FILE.test(entry.name) && !entry.name.endsWith(".test.ts") ? [child] : [];
    });
}

/** SHA-256 over all sources of this service directory's deployment, and `extra`. */
export function sourceHash(serviceDir: string, extra: string): string {
  const hash = createHash("sha256").update(extra);
  for (const file of DEPLOYED.flatMap((entry) => filesUnder(path.join(serviceDir, entry))).sort()) {
    hash.update(path.relative(serviceDir, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}
