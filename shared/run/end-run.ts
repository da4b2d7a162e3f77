import type { Engine } from "../engine.ts";
import type { Graph } from "../pipeline/graph.ts";
import { type EndState, isActive, type Run, wasStopped } from "../state/run.ts";
import { admitRuns } from "./admit-runs.ts";
import { hasHook, hookMessage } from "./hook-step.ts";

/** Milliseconds until the last look at a cancelled run: no worker that did not know of the cancel works longer. */
export const lastLook = 180_000;

/** Whether something is left to do once a run has ended, so that the sweep must see it until that is done. */
function needsClosing(run: Run, graph: Graph, to: EndState): boolean {
  if (wasStopped(to)) return true;
  return run.limits.length > 0 || run.cause.kind === "step" || hasHook(graph, to);
}

/** Hints the step that a run was a child of. */
async function tellParent(engine: Engine, { cause }: Run): Promise<void> {
  if (cause.kind !== "step") return;
  const parent = await engine.store.getRun(cause.runId);
  if (parent === undefined || !isActive(parent)) return;
  const { runId, step, index } = cause;
  await engine.queue.send([{ runId, step, index, epoch: parent.epoch }]);
}

/** Does what follows the end of a run: tells its parent, gives its slots on, starts its hook. Safe to repeat. */
export async function followEnd(engine: Engine, run: Run, graph: Graph, state: EndState): Promise<void> {
  await tellParent(engine, run);
  if (run.limits.length > 0) await admitRuns(engine, run.queue);
  if (hasHook(graph, state)) await engine.queue.send([hookMessage(run, state)]);
}

/** Ends a run, and does what follows if it was this call that ended it. */
export async function endRun(engine: Engine, run: Run, graph: Graph, to: EndState): Promise<void> {
  const now = engine.clock.now();
  const { runId, pipeline, name, epoch } = run;
  const stays = needsClosing(run, graph, to);
  const dueAt = now + (wasStopped(to) ? lastLook : engine.settings.sweepSeconds * 1000);
  const endedAt = new Date(now).toISOString();
  if (!(await engine.store.endRun(run, to, endedAt, stays ? dueAt : undefined))) return;
  const milliseconds = now - Date.parse(run.startedAt);
  engine.log.info("run ended", { runId, pipeline, name, state: to, milliseconds });
  engine.meter.count("RunEnded", { pipeline, state: to });
  engine.meter.duration("RunDuration", milliseconds, { pipeline });
  if (!stays) return;
  await followEnd(engine, run, graph, to);
  // A hook closes the run when it has ended; of a stopped run the sweep makes sure that nothing was left open.
  if (!wasStopped(to) && !hasHook(graph, to)) await engine.store.closeRun(runId, epoch);
}
