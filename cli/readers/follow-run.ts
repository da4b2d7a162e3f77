import { setTimeout as delay } from "node:timers/promises";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import type { RunView } from "../../shared/run/run-view.ts";
import { readRunView, type Target } from "./target.ts";

/** How many reads may fail in a row while a run is followed: a stack that restarts answers again soon. */
const maxFailedReads = 20;

/**
 * Looks at a run until it ends, or until `signal` is aborted.
 *
 * @param show called at each look
 * @returns the run as it was last seen
 */
export async function followRun(
  target: Target,
  runId: string,
  show: (view: RunView) => void,
  signal?: AbortSignal,
): Promise<RunView> {
  let failed = 0;
  for (;;) {
    try {
      const view = await readRunView(target, runId);
      failed = 0;
      show(view);
      // A run that waits for a slot, a time or a person hasn't ended, so check `endedAt`.
      if (view.endedAt !== undefined) return view;
    } catch (error) {
      failed += 1;
      if (error instanceof MillraceError || failed > maxFailedReads) throw error;
    }
    await delay(target.pollMs, undefined, signal === undefined ? {} : { signal });
  }
}
