import { isOver, type JobDetail, type JobState } from "../batch/batch-service.ts";
import { logOf, withEndedJob } from "../batch/job-attempt.ts";
import { identityOf, type JobIdentity, runIdentityOf, versionOf } from "../batch/job-environment.ts";
import { jobFailure, machinesLost } from "../batch/job-failure.ts";
import {
  claimHolder,
  hasManifest,
  JobFileError,
  readJobError,
  readManifest,
  takeClaim,
} from "../batch/job-files.ts";
import type { Engine } from "../engine.ts";
import { nodeOf } from "../run/run-graph.ts";
import { type Failure, fatal } from "../state/failure.ts";
import { isUnderWay, type Run } from "../state/run.ts";
import { ended, withLosses } from "../state/step-changes.ts";
import {
  factsOf,
  firstFacts,
  hasEnded,
  hasJobs,
  hasResult,
  isHeld,
  type JobStep,
  type JobUsage,
  type StepRecord,
  stepLabel,
} from "../state/step-record.ts";
import { failAttempt, hintLater, succeedAttempt } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import type { StepWork } from "../step/step-work.ts";
import type { StoredStep } from "../store/run-store.ts";
import { endIfSettled, settleCancellation } from "./settle-cancellation.ts";

/** The states that a record shows of a job, in the order in which a job passes them. */
const shown: readonly JobStep["state"][] = ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"];

function isShown(state: JobState): state is JobStep["state"] {
  return (shown as readonly JobState[]).includes(state);
}

/** Whether a job does the attempt that a record is at, or begins one that nothing is stored of yet. */
function isCurrent(record: StepRecord | undefined, job: JobIdentity): boolean {
  if (record === undefined) return true;
  if (record.epoch < job.epoch) return !hasResult(record);
  return record.epoch === job.epoch && record.attempt === job.attempt && !hasEnded(record);
}

/**
 * When a step goes on whose attempt a job did: after a failure, or with another pass. The news of the job's end was dealt
 * with then, but for the hint that may not have been sent. Epoch milliseconds.
 */
function goesOnAt(record: StepRecord, job: JobIdentity): number | undefined {
  if (record.epoch !== job.epoch || record.attempt !== job.attempt) return undefined;
  if (record.state === "RETRYING") return record.retryAt;
  return "holder" in record && record.holder === "clock" ? record.wakeAt : undefined;
}

/** The record that a job's news turns a child's into: of an array job's child often nothing is stored yet. */
function jobStep(
  engine: Engine,
  record: StoredStep | undefined,
  job: JobIdentity,
  detail: JobDetail,
): JobStep {
  const current = record?.epoch === job.epoch ? record : undefined;
  const state = isShown(detail.state) ? detail.state : "RUNNING";
  const log = state === "RUNNING" ? logOf(detail, detail.logStream) : undefined;
  const now = engine.clock.now();
  return {
    ...(current ? factsOf(current) : firstFacts(job, job.epoch, detail.startedAt ?? now, record)),
    attempt: job.attempt,
    holder: "jobs",
    state,
    jobs: current && hasJobs(current) ? current.jobs : [{ id: detail.id, name: detail.name }],
    ...(state === "RUNNABLE" && { runnableSince: now }),
    ...(state === "RUNNING" && detail.startedAt !== undefined && { runningSince: detail.startedAt }),
    ...(log !== undefined && { log }),
  };
}

/** Whether what Batch says of a job is further than what a record shows of it, or another of Batch's own tries. */
function isNews(
  record: StepRecord | undefined,
  job: JobIdentity,
  { state, startedAt = 0 }: JobDetail,
): boolean {
  if (!isShown(state) || !isCurrent(record, job)) return false;
  if (record === undefined || record.epoch < job.epoch) return true;
  // What failed and is to be tried again has nothing to show of the job that it had.
  if (!hasJobs(record) && !isHeld(record)) return false;
  const before = (shown as readonly string[]).indexOf(record.state);
  if (shown.indexOf(state) !== before) return shown.indexOf(state) > before;
  return (
    state === "RUNNING" && hasJobs(record) && startedAt > (record.runningSince ?? Number.POSITIVE_INFINITY)
  );
}

/** Shows how far a job is. Only forwards: events come in any order, and several of one job at once. */
async function showState(
  engine: Engine,
  record: StoredStep | undefined,
  job: JobIdentity,
  detail: JobDetail,
) {
  let current = record;
  while (isNews(current, job, detail)) {
    const put = await engine.store.putStep(jobStep(engine, current, job, detail), current?.version);
    if (put.ok) return;
    current = put.current;
  }
}

/** A record to commit an attempt's end on, made when nothing was stored of it. */
async function recordFor(
  engine: Engine,
  record: StoredStep | undefined,
  job: JobIdentity,
  detail: JobDetail,
) {
  if (record !== undefined && record.epoch === job.epoch) return record;
  const put = await engine.store.putStep(jobStep(engine, record, job, detail), record?.version);
  if (put.ok) return put.record;
  throw new Error(
    `step ${stepLabel(job.step, job.index)} of run ${job.runId} changed meanwhile; the event comes again`,
  );
}

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
 * that one's end counts. Should it have ended without a manifest and nobody have told of it, its failure is the attempt's.
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
  if (other !== undefined && isOver(other)) {
    await failBySaying(engine, work, held, job, other);
  }
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
  if (detail.state === "SUCCEEDED") {
    return jobSucceeded(engine, work, await recordFor(engine, record, job, detail), job, detail);
  }
  if (detail.state === "FAILED") {
    return jobFailed(engine, work, await recordFor(engine, record, job, detail), job, detail);
  }
  await showState(engine, record, job, detail);
}
