import { logOf } from "../batch/job-attempt.ts";
import type { JobIdentity } from "../batch/job-environment.ts";
import { isOver, type JobDetail, type JobState } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { factsOf, firstFacts } from "../state/step-facts.ts";
import {
  hasEnded,
  hasJobs,
  hasResult,
  isHeld,
  isNewer,
  type JobStep,
  type StepRecord,
} from "../state/step-record.ts";

/** The job states that a record shows, in the order in which a job passes through them. */
const shown: readonly JobStep["state"][] = ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"];

function isShown(state: JobState): state is JobStep["state"] {
  return (shown as readonly JobState[]).includes(state);
}

/** Whether a job does the record's current attempt, or begins an attempt that has no record yet. */
function isCurrent(record: StepRecord | undefined, job: JobIdentity): boolean {
  if (record === undefined) return true;
  if (record.epoch < job.epoch) return !hasResult(record);
  return record.epoch === job.epoch && record.attempt === job.attempt && !hasEnded(record);
}

/** The new record of a step after a report about its job. The child of an array job often has no record yet. */
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

/** Whether Batch's state of a job is further on than the record's, or belongs to another of Batch's own tries. */
function isAdvance(
  record: StepRecord | undefined,
  job: JobIdentity,
  { state, startedAt = 0 }: JobDetail,
): boolean {
  if (!isShown(state) || !isCurrent(record, job)) return false;
  if (record === undefined || record.epoch < job.epoch) return true;
  // A step that failed and will be tried again doesn't show the state of its former job.
  if (!hasJobs(record) && !isHeld(record)) return false;
  const before = (shown as readonly string[]).indexOf(record.state);
  if (shown.indexOf(state) !== before) return shown.indexOf(state) > before;
  return (
    state === "RUNNING" && hasJobs(record) && startedAt > (record.runningSince ?? Number.POSITIVE_INFINITY)
  );
}

/** Whether a report is written to the record: the job got further, or its attempt has no record to end yet. */
function isNews(record: StepRecord | undefined, job: JobIdentity, detail: JobDetail): boolean {
  if (!isOver(detail)) return isAdvance(record, job, detail);
  return isCurrent(record, job) && record?.epoch !== job.epoch;
}

/**
 * Records how far a job is. The state only moves forward: events come in any order, and several of one job at once. An
 * attempt that has no record yet gets one, so that its end can be committed.
 *
 * @returns the record of the attempt that the job does; undefined if the job doesn't do the current attempt
 */
export async function recordJobState(
  engine: Engine,
  record: StoredStep | undefined,
  job: JobIdentity,
  detail: JobDetail,
): Promise<StoredStep | undefined> {
  let current = record;
  while (isNews(current, job, detail)) {
    const put = await engine.store.putStep(jobStep(engine, current, job, detail), current?.version);
    if (put.ok) return put.record;
    if (put.current !== undefined && isNewer(put.current)) return undefined;
    current = put.current;
  }
  if (current === undefined || !isCurrent(current, job)) return undefined;
  // Another report of the same end came first: the attempt is over, and its retry or next pass has its time.
  if (current !== record && !hasJobs(current) && !isHeld(current)) return undefined;
  return current;
}
