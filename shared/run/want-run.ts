import type { Engine } from "../ports/engine.ts";
import { hasWanters, mayBeWanted, wantersOf } from "../state/wanters.ts";

/**
 * Notes that somebody wants a run that a backfill started, so that no cancel of another backfill ends it. Nothing
 * happens if the run has ended or is being cancelled. Safe to repeat.
 *
 * @param wanter the id of a backfill, or another cause by its kind
 */
export async function wantRun(engine: Engine, runId: string, wanter: string): Promise<void> {
  // Each further round means that another worker has changed the run meanwhile.
  for (;;) {
    const run = await engine.store.getRun(runId);
    if (run === undefined || !hasWanters(run) || !mayBeWanted(run)) return;
    const wanters = wantersOf(run);
    if (wanters.has(wanter)) return;
    if (await engine.store.setWanters(run, new Set([...wanters, wanter]))) return;
  }
}
