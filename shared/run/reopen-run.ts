import type { Engine } from "../ports/engine.ts";
import { type EndedRun, isActive, type Run } from "../state/run.ts";
import { openAfterRunSteps } from "./end-run.ts";
import { nextSweep } from "./next-sweep.ts";
import { graphOf } from "./run-graph.ts";
import { beginRun } from "./start-run.ts";

/**
 * The result of reopening a run. `pending`: the run wasn't reopened, because some steps that follow its end (hooks,
 * notices) haven't begun, and they must find it ended. They begin within seconds. `gone`: somebody else reopened it.
 */
export type Reopened =
  | { readonly kind: "opened"; readonly run: Run }
  | { readonly kind: "pending"; readonly steps: readonly string[] }
  | { readonly kind: "gone" };

/**
 * Reopens a run that ended without success, in a new epoch, and starts it.
 *
 * @param wanter who wants it: the id of a backfill, or another cause by its kind
 */
export async function reopenRun(engine: Engine, run: EndedRun, wanter: string): Promise<Reopened> {
  const open = await openAfterRunSteps(engine, run, await graphOf(engine, run));
  const pending = open.filter(({ record }) => record === undefined);
  if (pending.length > 0) return { kind: "pending", steps: pending.map(({ step }) => step) };
  const openedAt = new Date(engine.clock.now()).toISOString();
  const opened = await engine.store.reopenRun(run, openedAt, nextSweep(engine), wanter);
  if (opened === undefined || !isActive(opened)) return { kind: "gone" };
  if (opened.state === "RUNNING" || opened.state === "QUEUED") await beginRun(engine, opened);
  return { kind: "opened", run: opened };
}
