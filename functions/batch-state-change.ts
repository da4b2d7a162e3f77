import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { traceRun } from "../shared/app/trace-run.ts";
import { parseJobEvent } from "../shared/batch/job-detail.ts";
import { ownerOf } from "../shared/batch/job-environment.ts";
import { handleJob } from "../shared/jobs/handle-job.ts";

/** Moves steps on when AWS Batch reports a job's state. */
export const handler = messageHandler(async (body) => {
  const detail = parseJobEvent(body);
  await traceRun(ownerOf(detail)?.job, () => handleJob(engine, detail));
});
