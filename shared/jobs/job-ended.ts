import { withEndedJob } from "../batch/job-attempt.ts";
import type { JobIdentity } from "../batch/job-environment.ts";
import { machinesLost } from "../batch/job-failure.ts";
import { readForgottenEnd, readJobEnd } from "../batch/job-files.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { engineError, type Failure } from "../state/failure.ts";
import { withLosses } from "../state/step-changes.ts";
import { hasJobs, type JobStep } from "../state/step-record.ts";
import { failAttempt, succeedAttempt } from "../step/finish-attempt.ts";
import type { StepWork } from "../step/step-work.ts";

/** Ends the attempt whose job has ended. */
export async function jobEnded(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
): Promise<void> {
  const end = await readJobEnd(engine, work.run, job, detail);
  if (end.kind === "copied") {
    const [copy] = await engine.batch.describe([end.by]);
    // Check again: the copy may have left its manifest since, and there may be no further event about its end.
    if (copy !== undefined && isOver(copy)) return jobEnded(engine, work, held, job, copy);
    // Record the copy's id, because the sweep checks the job in the record: whether it waits too long, or Batch has
    // forgotten it.
    if (hasJobs(held) && !held.jobs.some(({ id }) => id === end.by))
      await engine.store.putStep({ ...held, jobs: [{ id: end.by, name: detail.name }] }, held.version);
    return;
  }
  const { usage } = end;
  const failure = end.kind === "failed" ? end.failure : undefined;
  const reason = failure && `${failure.error.name}: ${failure.error.message}`;
  const record = withEndedJob(work.node, held, detail, { usage, reason });
  if (end.kind === "succeeded") return succeedAttempt(engine, work, record, end.output);
  // Batch's own tries may have lost machines before the one that failed by itself.
  const lost = end.failure.lostTo === "spot" ? 0 : machinesLost(detail);
  await failAttempt(engine, work, withLosses(record, "spot", lost), end.failure);
}

const jobLost: Failure = {
  error: engineError("JOB_LOST", "AWS Batch no longer knows its job"),
  retryable: true,
  lostTo: "job",
};

/**
 * Ends the attempt whose job Batch has forgotten. The job may have ended long ago, while its event was lost and nobody
 * asked: then the attempt ends as the job's files say. Otherwise it's lost.
 */
export async function forgottenJobEnded(
  engine: Engine,
  work: StepWork,
  held: JobStep & StoredStep,
): Promise<void> {
  const { index, jobs } = held;
  const [forgotten] = jobs;
  // A map's jobs are arrays. Each child finds what its own job left.
  if (index === "map" || forgotten === undefined) return;
  const end = await readForgottenEnd(engine, work.run, { ...held, index }, forgotten.id);
  if (end?.kind === "succeeded") return succeedAttempt(engine, work, held, end.output);
  await failAttempt(engine, work, held, end?.failure ?? jobLost);
}
