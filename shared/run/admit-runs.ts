import { NewerRecordError } from "../pipeline/stored-record.ts";
import type { Engine } from "../ports/engine.ts";
import type { Admission } from "../ports/run-store.ts";
import { plan } from "../state/plan.ts";
import type { WaitingRun } from "../state/run.ts";
import type { WaitingPlace } from "../state/slots.ts";
import { dispatch } from "./dispatch.ts";
import { fullLimits } from "./full-limits.ts";
import { nextSweep } from "./next-sweep.ts";
import { graphOf } from "./run-graph.ts";

/** Gives a waiting run its slots and starts it. */
async function admit(engine: Engine, run: WaitingRun): Promise<Admission> {
  const activeSince = new Date(engine.clock.now()).toISOString();
  const admission = await engine.store.admitRun(run, activeSince, nextSweep(engine));
  if (admission !== "admitted") return admission;
  engine.log.info("run admitted", { runId: run.runId, pipeline: run.pipeline, queue: run.queue });
  const graph = await graphOf(engine, run);
  await dispatch(engine, { ...run, state: "RUNNING", activeSince }, graph, plan(graph, run.progress).ready);
  return admission;
}

/**
 * Admits the run at the head of a lane. Returns the full limits that keep it waiting. Returns none if it was admitted,
 * or if there is nothing to admit.
 */
async function admitHead(engine: Engine, place: WaitingPlace): Promise<readonly string[]> {
  const run = await runAt(engine, place);
  if (run === undefined) return [];
  if (run.state !== "QUEUED") {
    await engine.store.removePlace(place);
    return [];
  }
  // A refused admission costs several write units, and a look costs one read unit. Most runs that arrive find no slot.
  const full = (await fullLimits(engine.store, run)).map(({ limit }) => limit);
  if (full.length > 0) return full;
  const admission = await admit(engine, run);
  // The limits are those that refused the run. If we asked again which are full, a slot that became free meanwhile
  // would go to a run behind this one.
  return typeof admission === "object" ? admission.full : [];
}

/** The run of a place; undefined if newer code has written it, which then also admits it. */
async function runAt(engine: Engine, { runId }: WaitingPlace) {
  try {
    return await engine.store.getRun(runId);
  } catch (error) {
    if (!(error instanceof NewerRecordError)) throw error;
    engine.log.warn("a waiting run that newer code has written is left to it", { runId, error });
    return undefined;
  }
}

/**
 * Starts waiting runs of a work queue while there are slots, by priority and then in order of arrival. A run that lacks
 * the slot of another limit doesn't hold up those behind it. Called when a run arrives, when a slot becomes free, when
 * a limit changes, and by the sweep; safe to repeat.
 *
 * Each round takes the first of the heads of all lanes. If that run finds a limit full, no run behind it gets a slot of
 * that limit in this call, even if one becomes free meanwhile. The end of a run that frees a slot makes another call. So the
 * cost of a call depends on the number of lanes, and not on how many runs wait.
 */
export async function admitRuns(engine: Engine, queue: string): Promise<void> {
  const full = new Set<string>();
  let heads = await engine.store.firstInLanes(queue);
  for (;;) {
    heads = heads.filter(({ limits }) => !limits.some((name) => full.has(name)));
    const [head, ...others] = heads.toSorted((a, b) => (a.order < b.order ? -1 : 1));
    if (head === undefined) return;
    const refusing = await admitHead(engine, head);
    for (const name of refusing) full.add(name);
    const next = refusing.length > 0 ? undefined : await engine.store.nextInLane(head);
    heads = next === undefined ? others : [next, ...others];
  }
}

/** Starts a run that needs slots. If there's no slot, the run waits or must be cancelled, as its pipeline says. */
export async function admitOrWait(engine: Engine, run: WaitingRun): Promise<"cancel" | undefined> {
  if (run.onCollision === "queue") {
    await admitRuns(engine, run.queue);
    return undefined;
  }
  return typeof (await admit(engine, run)) === "object" ? "cancel" : undefined;
}
