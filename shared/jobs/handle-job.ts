import { endCancelledJob } from "../batch/cancel-jobs.ts";
import { type JobIdentity, ownerOf, versionOf } from "../batch/job-environment.ts";
import { endIfSettled, settleCancellation } from "../cancel/settle-cancellation.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { nodeOf } from "../run/run-graph.ts";
import { isUnderWay } from "../state/run.ts";
import { hasEnded, isNewer, type StepRecord } from "../state/step-record.ts";
import { hintLater } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { jobEnded } from "./job-ended.ts";
import { recordFor, recordJobState } from "./record-job-state.ts";

/**
 * When a step continues whose job has ended: the time of its retry or of its next pass, in epoch milliseconds.
 * Undefined if it doesn't continue. If it does, the job's end was already handled, but its hint may not have been sent.
 */
function continuesAt(record: StepRecord, job: JobIdentity): number | undefined {
  if (record.epoch !== job.epoch || record.attempt !== job.attempt) return undefined;
  if (record.state === "RETRYING") return record.retryAt;
  return "holder" in record && record.holder === "clock" ? record.wakeAt : undefined;
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
  if (job === undefined) {
    // An array job ends after its children, which report their own ends. Only a cancel needs the end of the whole
    // array.
    if (isOver(detail) && run.state === "CANCELLING") await settleCancellation(engine, run);
    return;
  }
  const record = await engine.store.getStep(job);
  if (record !== undefined && isNewer(record)) return;
  if (run.state === "CANCELLING" || run.state === "CANCELLED" || run.state === "TIMED_OUT") {
    if (!isOver(detail)) return;
    await endCancelledJob(engine, run, record, detail);
    // An array job's children end by the thousand, so the end of their array settles the run once.
    if (run.state === "CANCELLING" && detail.arrayIndex === undefined) await endIfSettled(engine, run);
    return;
  }
  if (!isUnderWay(run)) return;
  const found = await nodeOf(engine, run, job.step);
  if (found === undefined) return;
  const work: StepWork = { run, ...found, ranVersion: versionOf(detail) };
  await moveStepOn(engine, work, record, job, detail);
}

/**
 * Moves the step of a job's attempt on. If the step has ended or already continues, sends what may have been lost: its
 * join, or the hint.
 */
async function moveStepOn(
  engine: Engine,
  work: StepWork,
  record: StoredStep | undefined,
  job: JobIdentity,
  detail: JobDetail,
): Promise<void> {
  if (record !== undefined && hasEnded(record) && record.epoch === job.epoch)
    return joinEnded(engine, work, record);
  const at = record === undefined ? undefined : continuesAt(record, job);
  if (record !== undefined && at !== undefined)
    return hintLater(engine, work, record, at - engine.clock.now());
  if (!isOver(detail)) return recordJobState(engine, record, job, detail);
  const held = await recordFor(engine, record, job, detail);
  if (held !== undefined) await jobEnded(engine, work, held, job, detail);
}
