import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemasOf, staleSchemas } from "../batch-jobs/job-schemas.ts";
import { catalogueOf } from "../shared/app/catalogue.ts";
import { checkTimes } from "../shared/pipeline/check-times.ts";
import type { Pipeline } from "../shared/pipeline/index.ts";
import { jobParts } from "../shared/pipeline/job.ts";
import { errorText, MillraceError } from "../shared/pipeline/millrace-error.ts";
import { describe } from "./described-pipeline.ts";

const batchJobs = join(import.meta.dirname, "..", "batch-jobs");

/** Job schemas that are older than the contracts. A job would be checked against a contract that is not its own. */
function staleOf(pipelines: readonly Pipeline[]): string[] {
  const jobs = new Set(pipelines.flatMap((pipeline) => [...pipeline.jobs.values()]));
  const ours = [...jobs].filter(({ name }) => existsSync(join(batchJobs, jobParts(name).family)));
  return ours.flatMap((job) => staleSchemas(batchJobs, schemasOf(job)));
}

// If the pipelines have mistakes, reports them on standard error and exits with 1; otherwise writes the pipelines'
// descriptions to the given file. Everything else about a definition is checked when its module loads. Loading it here
// makes that happen before a function is deployed.
const [descriptions = ""] = process.argv.slice(2);
try {
  const { pipelines } = await import("../pipelines/index.ts");
  const catalogue = [...catalogueOf(pipelines).values()];
  for (const pipeline of catalogue) checkTimes(pipeline);
  const stale = [...new Set(staleOf(catalogue))];
  if (stale.length > 0) {
    const files = stale.map((file) => `batch-jobs/${file}`).join(", ");
    console.error(`${files}: out of date, as the contract has changed; run npm run schemas`);
    process.exitCode = 1;
  } else writeFileSync(descriptions, JSON.stringify(await describe(catalogue)));
} catch (error) {
  const isOwn = error instanceof Error && error.name.endsWith("Error");
  console.error(error instanceof MillraceError ? errorText(error) : isOwn ? error.message : error);
  process.exitCode = 1;
}
