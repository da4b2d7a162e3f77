import { endCancelledJob } from "../batch/cancel-jobs.ts";
import { isFunctionJob } from "../batch/function-jobs.ts";
import { withEndedJob } from "../batch/job-attempt.ts";
import { type JobIdentity, ownerOf, versionOf } from "../batch/job-environment.ts";
import { machinesLost } from "../batch/job-failure.ts";
import { readJobEnd } from "../batch/job-files.ts";
import { endIfSettled, settleCancellation } from "../cancel/settle-cancellation.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { nodeOf } from "../run/run-graph.ts";
import type { Failure } from "../state/failure.ts";
import { isUnderWay, type Run, wasStopped } from "../state/run.ts";
import { withLosses } from "../state/step-changes.ts";
import { hasEnded, hasJobs, isNewer, type StepRecord } from "../state/step-record.ts";
import { failAttempt, hintLater, succeedAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { recordJobState } from "./record-job-state.ts";

/**
 * When the step of an ended job continues: the time of its retry or of its next pass, in epoch milliseconds.
 * Undefined if it doesn't continue. If it does, the job's end was already handled, but its hint may not have been sent.
 */
function continuesAt(record: StepRecord, job: JobIdentity): number | undefined {
  if (record.epoch !== job.epoch || record.attempt !== job.attempt) return undefined;
  if (record.state === "RETRYING") return record.retryAt;
  return "holder" in record && record.holder === "clock" ? record.wakeAt : undefined;
}

/** Ends the attempt whose job has ended. */
async function jobEnded(
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
  const failure = end.kind === "failed" ? outOfTime(work, detail, end.failure) : undefined;
  const reason = failure && `${failure.error.name}: ${failure.error.message}`;
  const record = withEndedJob(work.node, held, detail, { usage, reason });
  if (end.kind === "succeeded") return succeedAttempt(engine, work, record, end.output);
  if (failure === undefined) return;
  // Batch's own tries may have lost machines before the one that failed by itself.
  const lost = failure.lostTo === "spot" ? 0 : machinesLost(detail);
  await failAttempt(engine, work, withLosses(record, "spot", lost), failure);
}

/** A job that may run anywhere gets a machine after it ran out of time on Lambda: that is no failure of its own. */
function outOfTime({ node: { task } }: StepWork, { id }: JobDetail, failure: Failure): Failure {
  const goesOn = task.kind === "batch" && task.resources.runs === "auto" && isFunctionJob(id);
  return goesOn && failure.timedOut === true ? { ...failure, lostTo: "time" } : failure;
}

/** Handles a report about a job of a stopped run: the job's end ends its step, and then perhaps the run. */
async function stoppedJobReported(
  engine: Engine,
  run: Run,
  job: JobIdentity | undefined,
  detail: JobDetail,
): Promise<void> {
  if (job === undefined) {
    // An array job ends after its children, which report their own ends. Only a cancel needs the end of the whole
    // array.
    if (isOver(detail) && run.state === "CANCELLING") await settleCancellation(engine, run);
    return;
  }
  const record = await engine.store.getStep(job);
  if (!isOver(detail) || (record !== undefined && isNewer(record))) return;
  await endCancelledJob(engine, run, record, detail);
  // An array job's children end by the thousand, so the end of their array settles the run once.
  if (run.state === "CANCELLING" && detail.arrayIndex === undefined) await endIfSettled(engine, run);
}

/**
 * Handles a report of Batch about a job, from an event or because the sweep asked. Reports may be late or out of
 * order, and a duplicate does no harm. For jobs that aren't ours or no longer count, nothing happens.
 */
export async function handleJob(engine: Engine, detail: JobDetail): Promise<void> {
  const owner = ownerOf(detail);
  const run = owner && (await engine.store.getRun(owner.runId));
  if (owner === undefined || run === undefined) return;
  const { job, epoch } = owner;
  const isObsolete = run.epoch > epoch || !isUnderWay(run);
  if (isObsolete && !isOver(detail))
    await engine.batch.terminate(detail.id, "The run no longer waits for this job");
  if (run.epoch !== epoch) return;
  if (run.state === "CANCELLING" || wasStopped(run.state))
    return stoppedJobReported(engine, run, job, detail);
  if (!isUnderWay(run) || job === undefined) return;
  const record = await engine.store.getStep(job);
  if (record !== undefined && isNewer(record)) return;
  const found = await nodeOf(engine, run, job.step);
  if (found === undefined) return;
  const work: StepWork = { run, ...found, ranVersion: versionOf(detail) };
  if (record !== undefined) {
    // If the step has ended or already continues, its join or its hint may have been lost.
    if (hasEnded(record) && record.epoch === job.epoch) return joinEnded(engine, work, record);
    const at = continuesAt(record, job);
    if (at !== undefined) return hintLater(engine, work, record, at - engine.clock.now());
  }
  const held = await recordJobState(engine, record, job, detail);
  if (held !== undefined && isOver(detail)) await jobEnded(engine, work, held, job, detail);
}
