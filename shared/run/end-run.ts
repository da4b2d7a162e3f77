import type { Graph } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord } from "../ports/run-store.ts";
import { type EndedRun, type EndState, isActive, type Run, wasStopped } from "../state/run.ts";
import type { Price } from "../state/spending.ts";
import { hasEnded } from "../state/step-record.ts";
import { admitRuns } from "./admit-runs.ts";
import { afterRunStepMessage, afterRunStepsOf } from "./after-run-step.ts";
import { costToKeep } from "./kept-cost.ts";
import { nextSweep } from "./next-sweep.ts";

/**
 * Milliseconds until the last look at a cancelled run. No worker that didn't know of the cancel works longer than that.
 */
export const lastLook = 180_000;

/** Whether work remains after a run has ended. If so, the sweep must keep seeing the run until the work is done. */
function needsClosing(run: Run, afterRunSteps: readonly string[], to: EndState): boolean {
  if (wasStopped(to)) return true;
  return run.limits.length > 0 || run.cause.kind === "step" || afterRunSteps.length > 0;
}

/** Hints the step whose child this run is. */
async function reportToParent(engine: Engine, { cause }: Run): Promise<void> {
  if (cause.kind !== "step") return;
  const parent = await engine.store.getRun(cause.runId);
  if (parent === undefined || !isActive(parent)) return;
  const { runId, step, index } = cause;
  await engine.queue.send([{ runId, step, index, epoch: parent.epoch }]);
}

/** The steps that follow a run's end and haven't ended yet: their names, and the records of those that have begun. */
export async function openAfterRunSteps(
  engine: Engine,
  run: EndedRun,
  graph: Graph,
): Promise<{ step: string; record: FoundRecord | undefined }[]> {
  const { runId, epoch } = run;
  const steps = afterRunStepsOf(engine, graph, run.state);
  if (steps.length === 0) return [];
  const records = await engine.store.getSteps(steps.map((step) => ({ runId, step, index: epoch })));
  return steps
    .map((step) => ({ step, record: records.find((record) => record.step === step) }))
    .filter(({ record }) => record === undefined || !hasEnded(record));
}

/**
 * Does what follows the end of a run: hints its parent, passes its slots on, and starts its hook, its notices and the
 * pipelines that follow it. Safe to repeat.
 *
 * @param afterRunSteps the steps that need a hint
 */
export async function followEnd(engine: Engine, run: Run, afterRunSteps: readonly string[]): Promise<void> {
  await reportToParent(engine, run);
  if (run.limits.length > 0) await admitRuns(engine, run.queue);
  if (afterRunSteps.length > 0)
    await engine.queue.send(afterRunSteps.map((step) => afterRunStepMessage(run, step)));
}

/**
 * Ends a run and keeps what it has cost. If this call ended it, also does what follows.
 *
 * @param unjoined the cost of the steps that ended and never joined the run. If a step has joined since the run was read,
 * nothing happens, and the next look at the run ends it
 */
export async function endRun(
  engine: Engine,
  run: Run,
  graph: Graph,
  to: EndState,
  unjoined?: Price,
): Promise<void> {
  const now = engine.clock.now();
  const { runId, pipeline, name, epoch } = run;
  const afterRunSteps = afterRunStepsOf(engine, graph, to);
  const stays = needsClosing(run, afterRunSteps, to);
  const dueAt = wasStopped(to) ? now + lastLook : nextSweep(engine);
  const endedAt = new Date(now).toISOString();
  const end = { to, endedAt, cost: costToKeep(run, unjoined), ...(unjoined && { unjoined }) };
  if (!(await engine.store.endRun(run, end, stays ? dueAt : undefined))) return;
  const milliseconds = now - Date.parse(run.startedAt);
  engine.log.info("run ended", { runId, pipeline, name, state: to, milliseconds });
  engine.meter.count("RunEnded", { pipeline, state: to });
  engine.meter.duration("RunDuration", milliseconds, { pipeline });
  if (!stays) return;
  await followEnd(engine, run, afterRunSteps);
  // The last step that follows the end closes the run. For a stopped run, the sweep first makes sure that nothing is
  // open.
  if (!wasStopped(to) && afterRunSteps.length === 0) await engine.store.closeRun(runId, epoch);
}
