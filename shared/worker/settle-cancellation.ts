import { endSubmission } from "../batch/end-submission.ts";
import type { Engine } from "../engine.ts";
import { endRun } from "../run/advance-run.ts";
import { nodeOf } from "../run/run-graph.ts";
import type { Run } from "../state/run.ts";
import { ended } from "../state/step-changes.ts";
import { hasEnded, hasJobs, isHeld } from "../state/step-record.ts";
import type { StoredStep } from "../store/run-store.ts";

const reason = "The run was cancelled";

/** @returns false when the record changed meanwhile */
async function markCancelled(engine: Engine, record: StoredStep): Promise<boolean> {
  const error = { name: "Cancelled", message: reason };
  return (await engine.store.putStep(ended(record, "CANCELLED", engine.clock.now(), error), record.version))
    .ok;
}

/** Ends a step's jobs; true once none of them runs any more. */
async function cancelJobs(engine: Engine, jobs: readonly { id: string }[]): Promise<boolean> {
  const details = await engine.batch.describe(jobs.map(({ id }) => id));
  const open = details.filter(({ state }) => state !== "SUCCEEDED" && state !== "FAILED");
  for (const { id } of open) await engine.batch.terminate(id, reason);
  return open.length === 0;
}

/** Moves one record towards its end; true once it has none of its work going on. */
async function cancelStep(engine: Engine, run: Run, record: StoredStep): Promise<boolean> {
  // A retry may have opened the next epoch meanwhile: what works for that one is none of this cancel's business.
  if (hasEnded(record) || record.epoch > run.epoch) return true;
  if (hasJobs(record)) return (await cancelJobs(engine, record.jobs)) && markCancelled(engine, record);
  if (isHeld(record) && record.state === "SUBMITTED") {
    const found = await nodeOf(engine, run, record.step);
    if (found !== undefined) await endSubmission(engine, run, found.node, record, reason);
  }
  return markCancelled(engine, record);
}

/**
 * Moves a run that is being cancelled towards its end: ends what works for it, and the run once nothing does. Called
 * when the cancel is asked for, when a job ends, and by the sweep; safe to repeat. A worker that did not know of the
 * cancel may still begin a step: its commit starts nothing more, and a job that it submits is ended when Batch tells of
 * it (handle-job.ts).
 */
export async function settleCancellation(engine: Engine, run: Run): Promise<void> {
  let open = 0;
  for (const record of await engine.store.listSteps(run.runId)) {
    if (!(await cancelStep(engine, run, record))) open += 1;
  }
  if (open === 0) await endRun(engine, run, "CANCELLED");
}
