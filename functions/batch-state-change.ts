import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { parseJobEvent } from "../shared/batch/job-detail.ts";
import { ownerOf } from "../shared/batch/job-environment.ts";
import { handleJob } from "../shared/jobs/handle-job.ts";

/** Moves steps on when AWS Batch reports a job's state. */
export const handler = messageHandler({
  parse: parseJobEvent,
  about: (detail) => ownerOf(detail)?.job,
  handle: (detail) => handleJob(engine, detail),
});
