import { inputKey, shardOf, stepPrefix } from "../objects/layout.ts";
import { functionQueue, jobParts } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import { isThrottling } from "../platform/throttling.ts";
import { JobRejectedError, type JobSubmission } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { CachedResult } from "../ports/result-cache.ts";
import type { FoundRecord, StoredStep } from "../ports/run-store.ts";
import { attemptResources, triesOfAttempt } from "../state/attempt-resources.ts";
import { fatal } from "../state/failure.ts";
import { isUnderWay } from "../state/run.ts";
import { ended, submitted } from "../state/step-changes.ts";
import { type HeldStep, indexOf, type StepJob } from "../state/step-record.ts";
import { findCached } from "../step/cached-result.ts";
import { type Claim, claimStep, replaceStep } from "../step/claim-step.ts";
import { failAttempt, useCached } from "../step/finish-attempt.ts";
import { joinEnded } from "../step/join-step.ts";
import { expandMap, joinSucceeded, openChildren, openTallies } from "../step/map-step.ts";
import { readOrFail } from "../step/read-or-fail.ts";
import { inputOf, inputsOf } from "../step/step-input.ts";
import { hintFor, type StepWork } from "../step/step-work.ts";
import { endSubmission } from "./end-submission.ts";
import { maxFunctionArray } from "./function-jobs.ts";
import { indicesOf, jobEnvironment, jobName, splitForArrays } from "./job-environment.ts";

/**
 * How many times a submission that Batch doesn't accept is retried before its step fails: enough for about half an
 * hour. The limit counts tries and not minutes, so that a time in which nobody tried doesn't make the step fail.
 */
const maxRefusals = 33;

/** Bounds, in milliseconds, of the delay before the next try. */
const refusalDelay = { first: 10_000, max: 80_000 };

/**
 * A delay between half the bound and the whole bound. If Batch's answer was lost, Batch takes seconds until it lists
 * the job.
 */
function delayAfterRefusal(refusals: number, random: number): number {
  const bound = Math.min(refusalDelay.max, refusalDelay.first * 2 ** Math.max(0, refusals - 1));
  return Math.round((bound * (1 + random)) / 2);
}

/** The reason that Batch gets for jobs that nobody waits for. */
const withdrawn = "The step is no longer waiting for this job";

/** Whether a submission's attempt is still the step's current one. */
function counts(held: HeldStep, current: FoundRecord | undefined): boolean {
  return current?.epoch === held.epoch && current.attempt === held.attempt && current.state !== "CANCELLED";
}

/**
 * Inputs as the job's contract parses them, with its defaults. If an input doesn't satisfy the contract, returns the
 * reason for the first such input.
 */
function parsedInputs(
  engine: Engine,
  work: StepWork,
  job: string,
  inputs: ReadonlyMap<number, Json>,
): ReadonlyMap<number, Json> | string {
  const contract = engine.pipelines.get(work.run.pipeline)?.jobs.get(job);
  if (contract === undefined) return inputs;
  const all = new Map<number, Json>();
  for (const [index, input] of inputs) {
    const parsed = contract.input.safeParse(input);
    const issue = parsed.error?.issues[0];
    if (issue) return `input ${issue.path.join(".") || "as a whole"} of child ${index}: ${issue.message}`;
    all.set(index, parsed.data as Json);
  }
  return all;
}

/** Writes the inputs where the jobs look for them, one file per shard. */
async function putInputs(engine: Engine, work: StepWork, held: HeldStep, inputs: ReadonlyMap<number, Json>) {
  const shards = new Map<number, Record<string, Json>>();
  for (const [index, input] of inputs) {
    const members = shards.get(shardOf(index)) ?? {};
    members[index] = input;
    shards.set(shardOf(index), members);
  }
  for (const [shard, members] of shards) {
    const uri = engine.objects.locate(inputKey(work.run, held, shard));
    await engine.objects.put(uri, JSON.stringify({ inputs: members }), "application/json");
  }
}

/** The jobs that together do a step's work, numbered from `firstPart`: one job, or the array jobs of a map. */
function submissionsFor(
  engine: Engine,
  work: StepWork,
  held: HeldStep,
  indexes: readonly number[],
  firstPart: number,
): JobSubmission[] {
  const { run, node } = work;
  if (node.task.kind !== "batch") throw new TypeError(`step ${node.name} is no batch step`);
  const { job, resources } = node.task;
  const parts = jobParts(job);
  const tries = triesOfAttempt(resources, held);
  const version = engine.jobVersions.get(parts.family);
  const placed = attemptResources(resources, held);
  const max = placed.queue === functionQueue ? maxFunctionArray : undefined;
  return splitForArrays(indexes, max).map((indices, part) => ({
    name: jobName(held, firstPart + part),
    family: parts.family,
    command: ["python", "-m", parts.family, parts.job],
    environment: jobEnvironment({
      pipeline: run.pipeline,
      runId: run.runId,
      step: node.name,
      job,
      epoch: held.epoch,
      attempt: held.attempt,
      indices,
      input: engine.objects.locate(inputKey(run, held, "{shard}")),
      output: engine.objects.locate(stepPrefix(run, node.name)),
      ...(node.tags && { tags: node.tags }),
      ...(version !== undefined && { version }),
    }),
    resources: placed,
    ...(tries !== undefined && { tries }),
    timeout: node.timeout,
    ...(indices.length > 1 && { arraySize: indices.length }),
  }));
}

/** The jobs of an earlier try of this submission, found by their names, and the children that they cover. */
async function submittedBefore(engine: Engine, held: HeldStep, queue: string) {
  const jobs: StepJob[] = [];
  const covered = new Set<number>();
  for (;;) {
    const name = jobName(held, jobs.length);
    const [id] = await engine.batch.findByName(name, queue);
    if (id === undefined) return { jobs, covered };
    jobs.push({ id, name });
    await engine.batch.complete(id);
    const [job] = await engine.batch.describe([id]);
    for (const index of job === undefined ? [] : indicesOf(job)) covered.add(index);
  }
}

/** Submits each child's work once. Jobs that an earlier try submitted are found by their names and reused. */
async function submitAll(
  engine: Engine,
  work: StepWork,
  { record: held, resumed }: Claim,
  indexes: readonly number[],
): Promise<StepJob[]> {
  if (work.node.task.kind !== "batch") throw new TypeError(`step ${work.node.name} is no batch step`);
  const before = resumed
    ? await submittedBefore(engine, held, attemptResources(work.node.task.resources, held).queue)
    : { jobs: [], covered: new Set<number>() };
  const all: StepJob[] = [...before.jobs];
  const left = indexes.filter((index) => !before.covered.has(index));
  if (left.length === 0) return all;
  for (const job of submissionsFor(engine, work, held, left, all.length)) {
    all.push({ name: job.name, id: await engine.batch.submit(job) });
  }
  return all;
}

/** Ends the children whose results an earlier run has already made. */
async function endCached(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
  kept: ReadonlyMap<number, CachedResult>,
): Promise<void> {
  await mapConcurrently([...kept], async ([index, result]) => {
    const { runId, step, epoch, leaseUntil } = held;
    const now = engine.clock.now();
    const request = { key: { runId, step, index }, epoch, state: "RUNNING" as const, now, leaseUntil };
    const claim = await claimStep(engine, request);
    if (claim.kind === "claim" || claim.kind === "lost") await useCached(engine, work, claim.record, result);
    if (claim.kind === "ended") await joinEnded(engine, work, claim.record);
  });
}

/** The work to submit: the input of each child, by index (0 for a step that isn't mapped). */
async function inputsFor(engine: Engine, work: StepWork, held: HeldStep, items: readonly Json[] | undefined) {
  if (items === undefined || held.index !== "map") {
    const index = indexOf(held);
    return new Map([[index, await inputOf(engine, work, index)]]);
  }
  await openTallies(engine, work, items.length);
  await joinSucceeded(engine, work, items.length);
  return inputsOf(engine, work, items, await openChildren(engine, work, items.length));
}

/**
 * Withdraws a submission that its run no longer waits for. The run was read before the claim. A cancel in between
 * hasn't seen the claim, so this looks at the run again.
 *
 * @returns whether the run waits for it
 */
async function withdrawUnlessWanted(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
): Promise<boolean> {
  const run = await engine.store.getRun(held.runId);
  if (run !== undefined && isUnderWay(run) && run.epoch === held.epoch) return true;
  await endSubmission(engine, work.run, work.node, held, withdrawn);
  await replaceStep(engine, ended(held, "CANCELLED", engine.clock.now()), held);
  return false;
}

/**
 * The submission failed or its answer was lost. After a delay, a worker checks whether the job exists, and submits it
 * if not.
 */
async function retrySubmission(engine: Engine, work: StepWork, held: HeldStep & StoredStep, thrown: unknown) {
  const refusals = (held.refusals ?? 0) + (isThrottling(thrown) ? 0 : 1);
  if (refusals > maxRefusals) {
    const minutes = Math.round((engine.clock.now() - Date.parse(held.startedAt)) / 60_000);
    const message = `AWS Batch took no job in ${refusals} tries over ${minutes} minutes; its last answer: ${String(thrown)}`;
    await endSubmission(engine, work.run, work.node, held, withdrawn);
    return failAttempt(engine, work, held, fatal("SUBMIT_FAILED", message));
  }
  engine.log.warn("submission will be retried", {
    runId: held.runId,
    step: held.step,
    error: String(thrown),
  });
  const delay = delayAfterRefusal(refusals, engine.random());
  const leaseUntil = engine.clock.now() + delay;
  const put = await engine.store.putStep(
    { ...held, leaseUntil, ...(refusals > 0 && { refusals }) },
    held.version,
  );
  if (!put.ok) {
    if (!counts(held, put.current)) await endSubmission(engine, work.run, work.node, held, withdrawn);
    return;
  }
  await engine.queue.send([hintFor(held, work.run.epoch)], delay);
}

/**
 * Submits the Batch work of a claimed step: one job, or array jobs for the open children of a map. SubmitJob has no
 * idempotency token. So the claim comes first, with an attempt that fixes the job's name. A worker that takes over the
 * claim looks for that name before it submits.
 */
export async function submitStep(
  engine: Engine,
  work: StepWork,
  claim: Claim,
  items?: readonly Json[],
): Promise<void> {
  const held = claim.record;
  if (work.node.task.kind !== "batch") throw new TypeError(`step ${work.node.name} is no batch step`);
  const read = await readOrFail(engine, work, held, () => inputsFor(engine, work, held, items));
  if (read === undefined) return;
  const kept = await findCached(engine, work, read.value);
  const inputs = new Map([...read.value].filter(([index]) => !kept.has(index)));
  // Every child ended before the run was reopened, or has a cached result: there's nothing to submit.
  if (items !== undefined && inputs.size === 0) return expandMap(engine, work, held, items.length);
  const [result] = kept.values();
  if (items === undefined && result !== undefined) return useCached(engine, work, held, result);
  await endCached(engine, work, held, kept);
  const parsed = parsedInputs(engine, work, work.node.task.job, inputs);
  if (typeof parsed === "string") return failAttempt(engine, work, held, fatal("INVALID_INPUT", parsed));
  await putInputs(engine, work, held, parsed);
  if (!(await withdrawUnlessWanted(engine, work, held))) return;
  let jobs: StepJob[];
  try {
    jobs = await submitAll(engine, work, claim, [...inputs.keys()]);
  } catch (thrown) {
    if (!(thrown instanceof JobRejectedError)) return retrySubmission(engine, work, held, thrown);
    const message = `AWS Batch rejected the job: ${thrown.message}`;
    return failAttempt(engine, work, held, fatal("JOB_REJECTED", message));
  }
  const recorded = await engine.store.putStep(submitted(held, jobs, items?.length), held.version);
  if (recorded.ok) return;
  await withdraw(engine, held, jobs, recorded.current);
}

/**
 * Called if the step's record changed while its jobs were submitted. If the attempt still counts, its jobs stay: the
 * claim in S3 lets only one of them work. If it doesn't, because the run was cancelled, the jobs are ended.
 */
async function withdraw(
  engine: Engine,
  held: HeldStep,
  jobs: readonly StepJob[],
  current: FoundRecord | undefined,
) {
  if (counts(held, current)) return;
  for (const { id } of jobs) await engine.batch.terminate(id, withdrawn);
}
