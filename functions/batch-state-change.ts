import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { ownerOf } from "../shared/batch/job-environment.ts";
import { handleJobReport, parseJobReport } from "../shared/jobs/job-report.ts";

/** Moves steps on when AWS Batch, or the destination of a job family's function, reports a job's state. */
export const handler = messageHandler({
  parse: parseJobReport,
  about: (detail) => ownerOf(detail)?.job,
  handle: (detail) => handleJobReport(engine, detail),
});
