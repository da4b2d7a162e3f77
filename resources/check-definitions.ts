import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemasOf, staleSchemas } from "../batch-jobs/job-schemas.ts";
import { catalogueOf } from "../shared/app/catalogue.ts";
import { checkTimes } from "../shared/pipeline/check-times.ts";
import type { Pipeline } from "../shared/pipeline/index.ts";
import { jobParts } from "../shared/pipeline/job.ts";
import { describe } from "./described-pipeline.ts";

const batchJobs = join(import.meta.dirname, "..", "batch-jobs");

/** Schemas of the pipelines' jobs that are older than the contracts: a job would be checked by another contract than its own. */
function staleOf(pipelines: readonly Pipeline[]): string[] {
  const jobs = new Set(pipelines.flatMap((pipeline) => [...pipeline.jobs.values()]));
  const ours = [...jobs].filter(({ name }) => existsSync(join(batchJobs, jobParts(name).family)));
  return ours.flatMap((job) => staleSchemas(batchJobs, schemasOf(job)));
}

// Says on standard error what is wrong with the pipelines, and ends with 1 then; otherwise describes them in the file that
// it is given. Everything else about a definition is checked as its module loads: here too, and not first in a function
// that is deployed already.
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
  console.error(error instanceof Error && error.name.endsWith("Error") ? error.message : error);
  process.exitCode = 1;
}
