import { isOver, type JobDetail } from "../batch/batch-service.ts";
import { endSubmission } from "../batch/end-submission.ts";
import { withEndedJob } from "../batch/job-attempt.ts";
import type { Engine } from "../engine.ts";
import { endRun } from "../run/end-run.ts";
import { isEndStep } from "../run/end-step.ts";
import { graphOf, nodeOf } from "../run/run-graph.ts";
import { type CancellingRun, isActive, type Run } from "../state/run.ts";
import { ended } from "../state/step-changes.ts";
import { type ChildStep, hasEnded, hasJobs, hasResult, isHeld, type JobStep } from "../state/step-record.ts";
import type { StoredStep } from "../store/run-store.ts";

const reason = "The run was cancelled";

/** @returns false when the record changed meanwhile */
async function markCancelled(engine: Engine, record: StoredStep): Promise<boolean> {
  const error = { name: "Cancelled", message: reason };
  return (await engine.store.putStep(ended(record, "CANCELLED", engine.clock.now(), error), record.version))
    .ok;
}

/** Ends a step's jobs; the jobs as Batch knows them once none runs any more, undefined before. */
async function cancelJobs(
  engine: Engine,
  jobs: readonly { id: string }[],
): Promise<readonly JobDetail[] | undefined> {
  const details = await engine.batch.describe(jobs.map(({ id }) => id));
  const open = details.filter((job) => !isOver(job));
  for (const { id } of open) await engine.batch.terminate(id, reason);
  return open.length === 0 ? details : undefined;
}

/** Ends a step that jobs work for, and keeps how they ended; false while one of them runs. */
async function cancelJobStep(engine: Engine, run: Run, record: JobStep & StoredStep): Promise<boolean> {
  const ended = await cancelJobs(engine, record.jobs);
  if (ended === undefined) return false;
  const found = await nodeOf(engine, run, record.step);
  // The jobs of a map are arrays, whose children tell of themselves.
  const [job] = record.index === "map" ? [] : ended;
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
async function cancelStep(engine: Engine, run: Run, record: StoredStep): Promise<boolean> {
  // A retry may have opened the next epoch meanwhile: what works for that one is none of this cancel's business.
  if (hasResult(record) || hasEnded(record) || record.epoch > run.epoch) return true;
  if (hasJobs(record)) return cancelJobStep(engine, run, record);
  if ("holder" in record && record.holder === "run") {
    return (await cancelChild(engine, run, record)) && markCancelled(engine, record);
  }
  if (isHeld(record) && record.state === "SUBMITTED") {
    const found = await nodeOf(engine, run, record.step);
    if (found !== undefined) await endSubmission(engine, run, found.node, record, reason);
  }
  return markCancelled(engine, record);
}

/** Ends what works for a run that is cancelled or was; true once nothing does. */
export async function cancelOpenSteps(engine: Engine, run: Run): Promise<boolean> {
  let open = 0;
  for (const record of await engine.store.listSteps(run.runId)) {
    // A hook follows the end, and is no part of what was stopped.
    if (isEndStep(record.step)) continue;
    if (!(await cancelStep(engine, run, record))) open += 1;
  }
  return open === 0;
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

/**
 * Moves a run that is being cancelled towards its end: ends what works for it, and the run once nothing does. Called
 * when the cancel is asked for, when a job or a child run ends, and by the sweep; safe to repeat. A worker that did not
 * know of the cancel may still begin a step: its commit starts nothing more, a job that it submits is ended when Batch
 * tells of it (handle-job.ts), and what it leaves open the last look at the run ends (sweep-run.ts).
 */
export async function settleCancellation(engine: Engine, run: CancellingRun): Promise<void> {
  if (await cancelOpenSteps(engine, run)) await endRun(engine, run, await graphOf(engine, run), run.endsAs);
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
  const dueAt = engine.clock.now() + engine.settings.sweepSeconds * 1000;
  const move = { to: "CANCELLING", endsAs, reason: why } as const;
  const moved = await engine.store.moveRun(run.runId, run.epoch, move, dueAt);
  if (moved?.state === "CANCELLING" && moved.epoch === run.epoch) await settleCancellation(engine, moved);
}
