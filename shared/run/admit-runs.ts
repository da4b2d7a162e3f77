import type { Engine } from "../ports/engine.ts";
import { plan } from "../state/plan.ts";
import type { WaitingRun } from "../state/run.ts";
import { dispatch } from "./dispatch.ts";
import { fullLimits } from "./full-limits.ts";
import { nextSweep } from "./next-sweep.ts";
import { graphOf } from "./run-graph.ts";

/**
 * Maximum number of waiting runs that one call looks at. If that many runs wait for a limit of their own, the call
 * doesn't see the runs behind them, even if those have a slot. About 20 places cost one read unit.
 */
const lookedAt = 10_000;

/** Gives a waiting run its slots and starts it. `full`: a limit has no slot left. */
async function admit(engine: Engine, run: WaitingRun): Promise<"admitted" | "full" | "gone"> {
  const activeSince = new Date(engine.clock.now()).toISOString();
  const outcome = await engine.store.admitRun(run, activeSince, nextSweep(engine));
  if (outcome !== "admitted") return outcome;
  engine.log.info("run admitted", { runId: run.runId, pipeline: run.pipeline, queue: run.queue });
  const graph = await graphOf(engine, run);
  await dispatch(engine, { ...run, state: "RUNNING", activeSince }, graph, plan(graph, run.progress).ready);
  return outcome;
}

/**
 * Starts waiting runs of a work queue while there are slots, by priority and then in order of arrival. A run that lacks
 * the slot of another limit doesn't hold up those behind it. Called when a run arrives, when a slot becomes free, when
 * a limit changes, and by the sweep; safe to repeat.
 */
export async function admitRuns(engine: Engine, queue: string): Promise<void> {
  const full = new Set<string>();
  for (const { runId, limits } of await engine.store.waitingRuns(queue, lookedAt)) {
    if (limits.some((name) => full.has(name))) continue;
    const run = await engine.store.getRun(runId);
    if (run?.state !== "QUEUED") continue;
    if ((await admit(engine, run)) !== "full") continue;
    for (const { limit } of await fullLimits(engine.store, run)) full.add(limit);
  }
}

/** Starts a run that needs slots. If there's no slot, the run waits or must be cancelled, as its pipeline says. */
export async function admitOrWait(engine: Engine, run: WaitingRun): Promise<"cancel" | undefined> {
  if (run.onCollision === "queue") {
    await admitRuns(engine, run.queue);
    return undefined;
  }
  return (await admit(engine, run)) === "full" ? "cancel" : undefined;
}
