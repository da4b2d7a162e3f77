import { catalogueOf } from "../shared/app/catalogue.ts";
import { checkTimes } from "../shared/pipeline/check-times.ts";

// Says on standard error what is wrong with the pipelines, and ends with 1 then. Everything else about a definition is
// checked as its module loads: here too, and not first in a function that is deployed already.
try {
  const { pipelines } = await import("../pipelines/index.ts");
  for (const pipeline of catalogueOf(pipelines).values()) checkTimes(pipeline);
} catch (error) {
  console.error(error instanceof Error && error.name.endsWith("Error") ? error.message : error);
  process.exitCode = 1;
}
