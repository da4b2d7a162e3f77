import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { parseJobEvent } from "../shared/batch/job-detail.ts";
import { handleJob } from "../shared/jobs/handle-job.ts";

/** Moves steps on when AWS Batch reports a job's state. */
export const handler = messageHandler(async (body) => {
  await handleJob(engine, parseJobEvent(body));
});
