import { isOver, type JobDetail } from "../batch/batch-service.ts";
import { endSubmission } from "../batch/end-submission.ts";
import { withEndedJob } from "../batch/job-attempt.ts";
import type { Engine } from "../engine.ts";
import { shardOf, shardSize } from "../objects/layout.ts";
import { severalAtOnce } from "../platform/several-at-once.ts";
import type { StepMessage } from "../queue/step-queue.ts";
import { endRun } from "../run/end-run.ts";
import { isEndStep } from "../run/end-step.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { graphOf, nodeOf } from "../run/run-graph.ts";
import { type CancellingRun, isActive, type Run } from "../state/run.ts";
import { ended } from "../state/step-changes.ts";
import { type ChildStep, hasJobs, isHeld, isNewer, type JobStep } from "../state/step-record.ts";
import type { FoundRecord, StoredStep } from "../store/run-store.ts";

const reason = "The run was cancelled";

/** @returns false when the record changed meanwhile */
async function markCancelled(engine: Engine, record: StoredStep): Promise<boolean> {
  const error = { name: "Cancelled", message: reason };
  return (await engine.store.putStep(ended(record, "CANCELLED", engine.clock.now(), error), record.version))
    .ok;
}

/** How the jobs of steps that are to be cancelled stand: ids of those that go on, and those that are over, by id. */
type Jobs = { readonly running: ReadonlySet<string>; readonly over: ReadonlyMap<string, JobDetail> };

/** The array job that a child's id is of. */
const arrayOf = (id: string) => id.split(":")[0] ?? id;

/** Ends the jobs of steps, an array's children by ending the array. Those that go on tell of their end. */
async function endJobs(engine: Engine, records: readonly FoundRecord[]): Promise<Jobs> {
  const ids = records.flatMap((record) => (hasJobs(record) ? record.jobs.map(({ id }) => id) : []));
  if (ids.length === 0) return { running: new Set(), over: new Map() };
  const wholes = await engine.batch.describe([...new Set(ids.map(arrayOf))]);
  const open = new Set(wholes.filter((job) => !isOver(job)).map(({ id }) => id));
  await severalAtOnce([...open], (id) => engine.batch.terminate(id, reason));
  const running = new Set([...open, ...ids.filter((id) => open.has(arrayOf(id)))]);
  const children = await engine.batch.describe(ids.filter((id) => id !== arrayOf(id) && !running.has(id)));
  return { running, over: new Map([...wholes, ...children].map((job) => [job.id, job])) };
}

/** Ends a step that jobs work for, and keeps how they ended; false while one of them runs. */
async function cancelJobStep(
  engine: Engine,
  run: Run,
  record: JobStep & StoredStep,
  { running, over }: Jobs,
): Promise<boolean> {
  if (record.jobs.some(({ id }) => running.has(id))) return false;
  const found = await nodeOf(engine, run, record.step);
  // The jobs of a map are arrays, whose children tell of themselves.
  const job = record.index === "map" ? undefined : over.get(record.jobs[0]?.id ?? "");
  if (found === undefined || job === undefined) return markCancelled(engine, record);
  const told = { reason: job.statusReason ?? reason };
  return markCancelled(engine, withEndedJob(found.node, record, job, told));
}

/**
 * Whether a run works for a step of a run that is cancelled, and not for that run's next epoch: a worker that is late
 * with its cancel must not stop what a retry has started or opened again since.
 */
function worksFor({ child }: ChildStep, parent: Run, run: Run): boolean {
  return run.epoch <= child.epoch && run.cause.kind === "step" && run.cause.epoch <= parent.epoch;
}

/** Cancels the run that works for a step; true once it has ended. */
async function cancelChild(engine: Engine, parent: Run, record: ChildStep): Promise<boolean> {
  const { runId } = record.child;
  const child = await engine.store.getRun(runId);
  if (child === undefined || !isActive(child) || !worksFor(record, parent, child)) return true;
  await cancelRunAs(engine, child, "CANCELLED", "The run that it was a step of was cancelled");
  const after = await engine.store.getRun(runId);
  return after === undefined || !isActive(after);
}

/** Moves one record towards its end; true once it has none of its work going on. */
async function cancelStep(engine: Engine, run: Run, record: FoundRecord, jobs: Jobs): Promise<boolean> {
  if (isNewer(record)) {
    const { runId, step, index, stored } = record;
    engine.log.warn("a step that newer code has written is left to it", { runId, step, index, stored });
    return false;
  }
  if (hasJobs(record)) return cancelJobStep(engine, run, record, jobs);
  if ("holder" in record && record.holder === "run") {
    return (await cancelChild(engine, run, record)) && markCancelled(engine, record);
  }
  if (isHeld(record) && record.state === "SUBMITTED") {
    const found = await nodeOf(engine, run, record.step);
    if (found !== undefined) await endSubmission(engine, run, found.node, record, reason);
  }
  return markCancelled(engine, record);
}

/** Moves records towards their ends; true once none of them has work going on. */
async function cancelSteps(engine: Engine, run: Run, records: readonly FoundRecord[]): Promise<boolean> {
  const jobs = await endJobs(engine, records);
  const through = await severalAtOnce(records, (record) => cancelStep(engine, run, record, jobs));
  return through.every(Boolean);
}

/**
 * Whether a cancel has something to end in a record. A retry may have opened the next epoch meanwhile: what works for that
 * one is none of its business. Nor is a hook, which follows the end, and is no part of what was stopped.
 */
function isOpen(record: FoundRecord, run: Run): boolean {
  return !("endedAt" in record) && record.epoch <= run.epoch && !isEndStep(record.step);
}

/** What works for a run, of all its steps or of one. */
async function openSteps(engine: Engine, run: Run, step?: string): Promise<FoundRecord[]> {
  return (await engine.store.listSteps(run.runId, step)).filter((record) => isOpen(record, run));
}

/** Ends what works for a run that is cancelled or was; true once nothing does. */
export async function cancelOpenSteps(engine: Engine, run: Run): Promise<boolean> {
  return cancelSteps(engine, run, await openSteps(engine, run));
}

/**
 * Ends jobs that Batch did not list yet when their submission was cancelled. The children of an array job have none of
 * their own, but for those that were tried again.
 */
export async function endUnlistedJobs(engine: Engine, run: Run): Promise<void> {
  for (const record of await engine.store.listSteps(run.runId)) {
    if (record.state !== "CANCELLED" || record.epoch !== run.epoch || isEndStep(record.step)) continue;
    const found = await nodeOf(engine, run, record.step);
    const isOfArray = found?.node.over !== undefined && record.index !== "map" && record.attempt === 1;
    if (found !== undefined && !isOfArray) await endSubmission(engine, run, found.node, record, reason);
  }
}

/** The shards of maps with so many open children that one worker's time may not do for them. */
function largeShards(run: Run, records: readonly FoundRecord[]): StepMessage[] {
  const { runId, epoch } = run;
  const children = Map.groupBy(
    records.flatMap(({ step, index }) => (index === "map" ? [] : [{ step, shard: shardOf(index) }])),
    ({ step }) => step,
  );
  return [...children].flatMap(([step, open]) => {
    if (open.length <= shardSize) return [];
    const shards = new Set(open.map(({ shard }) => shard));
    return [...shards].map((shard): StepMessage => ({ runId, step, index: "map", epoch, shard }));
  });
}

/** Whether a record is among the children of some shards. */
function isIn(shards: readonly StepMessage[], { step, index }: FoundRecord): boolean {
  return index !== "map" && shards.some((each) => each.step === step && each.shard === shardOf(index));
}

/** Ends a run that is being cancelled if nothing works for it any more. */
export async function endIfSettled(engine: Engine, run: CancellingRun): Promise<void> {
  if ((await openSteps(engine, run)).length > 0) return;
  await endRun(engine, run, await graphOf(engine, run), run.endsAs);
}

/**
 * Moves a run that is being cancelled towards its end: ends what works for it, and the run once nothing does. Called
 * when the cancel is asked for, when an array job ends, and by the sweep; safe to repeat. Large maps are left to a hint a
 * shard. A worker that did not know of the cancel may still begin a step: its commit starts nothing more, a job that it
 * submits is ended when Batch tells of it (handle-job.ts), and what it leaves open the last look at the run ends
 * (sweep-run.ts).
 */
export async function settleCancellation(engine: Engine, run: CancellingRun): Promise<void> {
  const open = await openSteps(engine, run);
  const shards = largeShards(run, open);
  if (shards.length > 0) await engine.queue.send(shards);
  const others = open.filter((record) => !isIn(shards, record));
  if (!(await cancelSteps(engine, run, others)) || shards.length > 0) return;
  await endRun(engine, run, await graphOf(engine, run), run.endsAs);
}

/** The open records that a hint is about: one, or the children of one shard of a map. */
async function hintedSteps(engine: Engine, run: Run, { step, index, shard }: StepMessage) {
  if (shard !== undefined) {
    const open = await openSteps(engine, run, step);
    return open.filter((record) => record.index !== "map" && shardOf(record.index) === shard);
  }
  const record = await engine.store.getStep({ runId: run.runId, step, index });
  return record !== undefined && isOpen(record, run) ? [record] : [];
}

/**
 * Ends what a hint is about in a run that is being cancelled: a step whose child run has ended, or a shard of a large map;
 * and the run, if that was the last. It looks at nothing else: thousands of children that end one by one must not each
 * have all others looked at.
 */
export async function settleHinted(engine: Engine, run: CancellingRun, hint: StepMessage): Promise<void> {
  const open = await hintedSteps(engine, run, hint);
  if (open.length === 0 && hint.shard === undefined) return;
  if (await cancelSteps(engine, run, open)) await endIfSettled(engine, run);
}

/**
 * Has an active run end as cancelled or timed out: nothing new starts, jobs and child runs are ended, and the run ends
 * once none is left. Asked again it goes on where it was.
 */
export async function cancelRunAs(
  engine: Engine,
  run: Run,
  endsAs: CancellingRun["endsAs"],
  why: string,
): Promise<void> {
  const move = { to: "CANCELLING", endsAs, reason: why } as const;
  const moved = await engine.store.moveRun(run.runId, run.epoch, move, nextSweep(engine));
  if (moved?.state === "CANCELLING" && moved.epoch === run.epoch) await settleCancellation(engine, moved);
}
