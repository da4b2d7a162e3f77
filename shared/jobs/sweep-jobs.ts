import { isFunctionJob } from "../batch/function-jobs.ts";
import { identityOf, indicesOf } from "../batch/job-environment.ts";
import { readForgottenEnd } from "../batch/job-files.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { attemptResources } from "../state/attempt-resources.ts";
import { engineError, type Failure } from "../state/failure.ts";
import { hasJobs, type JobStep, type KnownOutline } from "../state/step-record.ts";
import { failAttempt, succeedAttempt } from "../step/finish-attempt.ts";
import type { StepWork } from "../step/step-work.ts";
import { handleJob } from "./handle-job.ts";

/** Whether a record's job waits in a queue whose machines work. */
type IsQueuedBehindOthers = (record: KnownOutline) => Promise<boolean>;

/** Asks Batch at most once about each queue, because the answer is the same for all children in it. */
function isQueuedBehindOthers(engine: Engine, { node: { task } }: StepWork): IsQueuedBehindOthers {
  const answers = new Map<string, Promise<boolean>>();
  return async (record) => {
    if (task.kind !== "batch") return false;
    const { queue } = attemptResources(task.resources, record);
    const answer = answers.get(queue) ?? engine.batch.isServing(queue);
    answers.set(queue, answer);
    return answer;
  };
}

/** The whole record of an outline; undefined if its step has moved on since. */
async function sameJobStep(engine: Engine, outline: JobStep): Promise<(JobStep & StoredStep) | undefined> {
  const record = await engine.store.getStep(outline);
  const { epoch, attempt, state } = outline;
  const isSame = record?.epoch === epoch && record.attempt === attempt && record.state === state;
  return isSame && hasJobs(record) ? record : undefined;
}

/**
 * Ends a job that waits too long for a machine; the attempt then fails with that reason. Batch says whether the job
 * waits now. The sweep notes the time when it first sees the job waiting, because the event may be lost, and because a
 * job that lost its machine waits again. While the queue's machines work, for siblings or for other runs, the job waits
 * its turn and its time starts over. It may be that no machine could ever hold the job, or that no such machine is
 * available. Batch says so once the job is the first of its queue.
 */
async function endWaiting(
  engine: Engine,
  job: JobDetail,
  record: KnownOutline | undefined,
  waits: IsQueuedBehindOthers,
): Promise<void> {
  if (record === undefined || !hasJobs(record)) return handleJob(engine, job);
  const now = engine.clock.now();
  const since = record.state === "RUNNABLE" ? record.runnableSince : undefined;
  const waited = since === undefined ? 0 : now - since;
  if (since !== undefined && waited < engine.settings.runnableSeconds * 1000) return;
  if (since === undefined || (await waits(record))) {
    const current = await sameJobStep(engine, record);
    if (current !== undefined)
      await engine.store.putStep({ ...current, state: "RUNNABLE", runnableSince: now }, current.version);
    return;
  }
  const reason = `RUNNABLE for ${Math.round(waited / 1000)} s: no machine that fits the job's resources came up`;
  await engine.batch.terminate(job.id, reason);
}

/** Ids of an array job's children that work for open children of the map. */
function openJobsOf(array: JobDetail, open: ReadonlySet<number>): string[] {
  if (array.arraySize === undefined) return [];
  return indicesOf(array).flatMap((index, place) => (open.has(index) ? [`${array.id}:${place}`] : []));
}

/**
 * Asks Batch about jobs, in case their events were lost.
 *
 * @param open the map's children that haven't ended, for its array jobs
 * @param records outlines of the step's records
 * @returns the ids of the jobs that Batch knows
 */
export async function sweepJobs(
  engine: Engine,
  work: StepWork,
  ids: readonly string[],
  open: ReadonlySet<number>,
  records: readonly KnownOutline[],
): Promise<ReadonlySet<string>> {
  const jobs = await engine.batch.describe(ids);
  const children = await engine.batch.describe(jobs.flatMap((job) => openJobsOf(job, open)));
  const byIndex = new Map(records.map((each) => [each.index, each]));
  const waits = isQueuedBehindOthers(engine, work);
  const all = [...jobs.filter(({ arraySize }) => arraySize === undefined), ...children];
  await mapConcurrently(all, async (job) => {
    const index = identityOf(job)?.index;
    const stored = index === undefined ? undefined : byIndex.get(index);
    // A step that will be retried has its hint on the way; the sweep replaces a lost hint when it is overdue.
    if (isOver(job) && stored?.state !== "RETRYING") await handleJob(engine, job);
    // Nothing reports the begin of a call on Lambda.
    else if (job.state === "RUNNING" && isFunctionJob(job.id) && stored?.state !== "RUNNING")
      await handleJob(engine, job);
    else if (job.state === "RUNNABLE") await endWaiting(engine, job, stored, waits);
  });
  return new Set(jobs.map(({ id }) => id));
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
async function forgottenJobEnded(engine: Engine, work: StepWork, held: JobStep & StoredStep): Promise<void> {
  const { index, jobs } = held;
  const [forgotten] = jobs;
  // A map's jobs are arrays. Each child finds what its own job left.
  if (index === "map" || forgotten === undefined) return;
  const end = await readForgottenEnd(engine, work.run, { ...held, index }, forgotten.id);
  if (end?.kind === "succeeded") return succeedAttempt(engine, work, held, end.output);
  await failAttempt(engine, work, held, end?.failure ?? jobLost);
}

/**
 * Like {@link sweepJobs}, for records with jobs of their own. If Batch has forgotten a record's jobs, its attempt ends
 * as their files say, or is lost.
 */
export async function sweepOwnJobs(
  engine: Engine,
  work: StepWork,
  held: readonly JobStep[],
  records: readonly KnownOutline[],
): Promise<void> {
  if (held.length === 0) return;
  const ids = held.flatMap(({ jobs }) => jobs.map(({ id }) => id));
  const known = await sweepJobs(engine, work, ids, new Set(), records);
  for (const record of held) {
    if (record.jobs.some(({ id }) => known.has(id))) continue;
    const current = await sameJobStep(engine, record);
    if (current !== undefined) await forgottenJobEnded(engine, work, current);
  }
}
