import { withEndedJob } from "../batch/job-attempt.ts";
import { identityOf, type JobIdentity, runIdentityOf, versionOf } from "../batch/job-environment.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { nodeOf } from "../run/run-graph.ts";
import { isUnderWay, type Run } from "../state/run.ts";
import { ended } from "../state/step-changes.ts";
import { hasEnded, hasJobs, isNewer, type StepRecord } from "../state/step-record.ts";
import { hintLater } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { jobEnded } from "./job-ended.ts";
import { endIfSettled, settleCancellation } from "./settle-cancellation.ts";
import { isCurrent, recordFor, showState } from "./show-job.ts";

/**
 * When a step goes on whose attempt a job did: after a failure, or with another pass. The news of the job's end was dealt
 * with then, but for the hint that may not have been sent. Epoch milliseconds.
 */
function goesOnAt(record: StepRecord, job: JobIdentity): number | undefined {
  if (record.epoch !== job.epoch || record.attempt !== job.attempt) return undefined;
  if (record.state === "RETRYING") return record.retryAt;
  return "holder" in record && record.holder === "clock" ? record.wakeAt : undefined;
}

/** Whether nothing that a job of an epoch does can count any more. */
function isObsolete(run: Run, epoch: number): boolean {
  return run.epoch > epoch || !isUnderWay(run);
}

/** Ends a job that works for nobody: of a run that ended, is being cancelled, or was opened again since. */
async function endObsolete(engine: Engine, detail: JobDetail): Promise<void> {
  if (!isOver(detail)) await engine.batch.terminate(detail.id, "The run no longer waits for this job");
}

/** An array job ends after its children. Each of them told of itself; only a cancel cares for the array as a whole. */
async function handleArray(engine: Engine, detail: JobDetail): Promise<void> {
  const array = runIdentityOf(detail);
  const run = array && (await engine.store.getRun(array.runId));
  if (array === undefined || run === undefined || !isObsolete(run, array.epoch)) return;
  await endObsolete(engine, detail);
  if (isOver(detail) && run.state === "CANCELLING" && run.epoch === array.epoch)
    await settleCancellation(engine, run);
}

/** Of a run that is being cancelled, or was, a job's end is the end of the step that it holds. */
async function endOfCancelled(engine: Engine, run: Run, record: StoredStep | undefined, detail: JobDetail) {
  if (record !== undefined && hasJobs(record) && record.jobs.some(({ id }) => id === detail.id)) {
    const now = engine.clock.now();
    const error = { name: "Cancelled", message: detail.statusReason ?? "the run was cancelled" };
    const node = (await nodeOf(engine, run, record.step))?.node;
    const told = node === undefined ? record : withEndedJob(node, record, detail, { reason: error.message });
    await engine.store.putStep(ended(told, "CANCELLED", now, error), record.version);
  }
  // An array job's children end by the thousand: their array's own end settles those.
  if (run.state === "CANCELLING" && detail.arrayIndex === undefined) await endIfSettled(engine, run);
}

/**
 * Works on what Batch says of a job, told by an event or asked by the sweep. News may be late, repeated or out of
 * order; of jobs that are not ours or no longer count there is nothing to do.
 */
export async function handleJob(engine: Engine, detail: JobDetail): Promise<void> {
  if (detail.arraySize !== undefined) return handleArray(engine, detail);
  const job = identityOf(detail);
  if (job === undefined) return;
  const run = await engine.store.getRun(job.runId);
  if (run === undefined) return;
  if (isObsolete(run, job.epoch)) await endObsolete(engine, detail);
  if (run.epoch !== job.epoch) return;
  const record = await engine.store.getStep(job);
  if (record !== undefined && isNewer(record)) return;
  if (run.state === "CANCELLING" || run.state === "CANCELLED" || run.state === "TIMED_OUT") {
    if (isOver(detail)) await endOfCancelled(engine, run, record, detail);
    return;
  }
  if (!isUnderWay(run)) return;
  const found = await nodeOf(engine, run, job.step);
  if (found === undefined) return;
  const work: StepWork = { run, ...found, ranVersion: versionOf(detail) };
  if (record !== undefined && hasEnded(record) && record.epoch === job.epoch)
    return joinEnded(engine, work, record);
  const at = record === undefined ? undefined : goesOnAt(record, job);
  if (record !== undefined && at !== undefined) {
    return hintLater(engine, work, record, at - engine.clock.now());
  }
  if (!isCurrent(record, job)) return;
  if (isOver(detail))
    return jobEnded(engine, work, await recordFor(engine, record, job, detail), job, detail);
  await showState(engine, record, job, detail);
}
