import { withEndedJob } from "../batch/job-attempt.ts";
import type { JobIdentity } from "../batch/job-environment.ts";
import { jobFailure, machinesLost } from "../batch/job-failure.ts";
import {
  claimHolder,
  hasManifest,
  JobFileError,
  readJobError,
  readManifest,
  takeClaim,
} from "../batch/job-files.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { type Failure, fatal } from "../state/failure.ts";
import { withLosses } from "../state/step-changes.ts";
import { hasJobs, type JobUsage } from "../state/step-record.ts";
import { failAttempt, succeedAttempt } from "../step/finish-attempt.ts";
import type { StepWork } from "../step/step-work.ts";

/** Fails the attempt that a job ended. @param usage what the job said it used, if it could */
async function failEnded(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  detail: JobDetail,
  failure: Failure,
  usage?: JobUsage,
) {
  const { name, message } = failure.error;
  const told = withEndedJob(work.node, held, detail, { usage, reason: `${name}: ${message}` });
  // Batch's own tries may have lost machines before the one that failed by itself.
  const lost = failure.lostTo === "spot" ? 0 : machinesLost(detail);
  await failAttempt(engine, work, withLosses(told, "spot", lost), failure);
}

/** Fails the attempt of a job that left no manifest, with what the job or else Batch says of it. */
async function failBySaying(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
) {
  const said = await readJobError(engine, work.run, job);
  await failEnded(engine, work, held, detail, jobFailure(detail, said), said?.usage);
}

/**
 * Leaves an attempt to another copy of it, submitted when an answer was lost, that works or worked in this job's place:
 * that one's end counts. If it has not ended, the record names it from now on, for the sweep asks about the job that a
 * record names: whether it waits too long, or Batch has forgotten it.
 *
 * @returns whether there is such a copy
 */
async function leaveToOtherCopy(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
) {
  const holder = await claimHolder(engine, work.run, job);
  if (holder === undefined || holder === detail.id) return false;
  const [other] = await engine.batch.describe([holder]);
  // Looked at once more: it may have left its manifest since, and nobody else need have told of its end.
  if (other !== undefined && isOver(other)) await jobEnded(engine, work, held, job, other);
  else if (hasJobs(held) && !held.jobs.some(({ id }) => id === holder))
    await engine.store.putStep({ ...held, jobs: [{ id: holder, name: detail.name }] }, held.version);
  return true;
}

async function jobSucceeded(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
) {
  try {
    const manifest = await readManifest(engine, work.run, job);
    if (manifest !== undefined) {
      const told = withEndedJob(work.node, held, detail, { usage: manifest.usage });
      return await succeedAttempt(engine, work, told, manifest.output);
    }
  } catch (thrown) {
    if (!(thrown instanceof JobFileError)) throw thrown;
    return failEnded(engine, work, held, detail, fatal("InvalidManifest", thrown.message));
  }
  if (await leaveToOtherCopy(engine, work, held, job, detail)) return;
  const message = `${detail.name} exited with 0 and left no manifest; a job writes one by returning from its function`;
  await failEnded(engine, work, held, detail, fatal("ManifestMissing", message));
}

async function jobFailed(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
) {
  // A job may die after its manifest was written: what it made is complete all the same.
  if (await hasManifest(engine, work.run, job)) return jobSucceeded(engine, work, held, job, detail);
  // Where nobody claimed it: a copy of this attempt that has not begun must not begin after the next one.
  await takeClaim(engine, work.run, job, detail.id);
  if (await leaveToOtherCopy(engine, work, held, job, detail)) return;
  await failBySaying(engine, work, held, job, detail);
}

/** Ends the attempt whose job has ended: by its manifest, or by what it, or Batch, says of its failure. */
export async function jobEnded(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  job: JobIdentity,
  detail: JobDetail,
): Promise<void> {
  if (detail.state === "SUCCEEDED") return jobSucceeded(engine, work, held, job, detail);
  return jobFailed(engine, work, held, job, detail);
}
