import { isFunctionJob } from "../batch/function-jobs.ts";
import { functionReport } from "../batch/function-news.ts";
import { parseJobEvent } from "../batch/job-detail.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import { handleJob } from "./handle-job.ts";

/**
 * The job that a message is about: an event of AWS Batch, or a report of a function's destination. Undefined if the
 * reported execution left the job to another one.
 *
 * @throws if the text is neither; the queue then moves it to its dead letters
 */
export function parseJobReport(body: string): JobDetail | undefined {
  const report = functionReport(JSON.parse(body));
  return report === undefined ? parseJobEvent(body) : report.news;
}

/**
 * A report, completed by what the job's execution left in S3. A process that ended says neither why nor when it began.
 */
export async function completedReport(engine: Engine, report: JobDetail): Promise<JobDetail> {
  if (!isFunctionJob(report.id) || report.exitCode !== undefined) return report;
  const [known] = await engine.batch.describe([report.id]);
  if (known !== undefined && isOver(known)) return known;
  return { ...known, ...report, stoppedAt: engine.clock.now() };
}

/** Handles what {@link parseJobReport} returned. See {@link handleJob}. */
export async function handleJobReport(engine: Engine, report: JobDetail): Promise<void> {
  await handleJob(engine, await completedReport(engine, report));
}
