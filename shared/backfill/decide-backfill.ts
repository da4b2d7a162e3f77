import { type Backfill, isStartedBy, stoppedWith } from "../state/backfill.ts";
import { isActive, type Run } from "../state/run.ts";

/**
 * Runs that a backfill asks for beyond those that may be under way, so that a slot that gets free is taken at once and
 * not with the next tick. They wait as items of the queue, so there are few.
 */
const ahead = 50;

/** A time, and the run for it, if there is one. */
export type TimeLookedAt = { readonly time: string; readonly run: Run | undefined };

/** How a time stands: what is to be done for it, or how it came out. */
export type TimeStanding = "missing" | "again" | "open" | "succeeded" | "skipped" | "failed";

/** How a time of a backfill stands. */
export function standingOf(
  backfill: Pick<Backfill, "id" | "passAt" | "retryFailed">,
  run: Run | undefined,
): TimeStanding {
  if (run === undefined) return "missing";
  if (isActive(run)) return "open";
  const before = run.endedAt < backfill.passAt;
  if (run.state === "SUCCEEDED") return before ? "skipped" : "succeeded";
  if (run.state === "CANCELLED" && run.reason === stoppedWith(backfill.id)) return "again";
  // What failed in this pass has had its chance.
  return before && backfill.retryFailed ? "again" : "failed";
}

/** Whether a standing is final for this pass. */
const isCounted = (standing: TimeStanding) =>
  standing === "succeeded" || standing === "skipped" || standing === "failed";

type Mutable = { counts: Record<"succeeded" | "skipped" | "failed", number>; open: string[] };

function count({ counts }: Mutable, standing: TimeStanding): void {
  if (standing === "succeeded" || standing === "skipped" || standing === "failed") counts[standing] += 1;
}

/**
 * How many times may be open. Its own runs wait for slots, so some may be asked for ahead; a run that another cause
 * started holds no slot of it, so while one of them is open each counts as one that is under way.
 */
function room({ concurrency }: Backfill, foreign: boolean): number {
  return foreign ? concurrency : concurrency + ahead;
}

/**
 * The next state of a backfill under way, pure: what has ended is counted, and times that come next are opened as far as
 * there is room. The times to open are stored before anything is started for them, so that whoever goes on after a crash
 * knows of them.
 *
 * @param opened the runs of the times that are open
 * @param coming times that come next, in order, with their runs
 * @param after the time after the last of `coming`, undefined when there is none
 */
export function decideBackfill(
  backfill: Backfill,
  opened: readonly TimeLookedAt[],
  coming: readonly TimeLookedAt[],
  after: string | undefined,
): Pick<Backfill, "counts" | "open" | "next" | "state"> {
  const state: Mutable = { counts: { ...backfill.counts }, open: [] };
  const isForeign = (run: Run | undefined) => run !== undefined && !isStartedBy(run, backfill.id);
  let foreign = false;
  for (const { time, run } of opened) {
    const standing = standingOf(backfill, run);
    count(state, standing);
    if (isCounted(standing)) continue;
    state.open.push(time);
    foreign ||= isForeign(run);
  }
  let next = after;
  for (const { time, run } of coming) {
    const standing = standingOf(backfill, run);
    if (isCounted(standing)) {
      count(state, standing);
      continue;
    }
    if (state.open.length >= room(backfill, foreign || isForeign(run))) {
      next = time;
      break;
    }
    state.open.push(time);
    foreign ||= isForeign(run);
  }
  const done = next === undefined && state.open.length === 0;
  return { ...state, state: done ? "DONE" : "RUNNING", ...(next !== undefined && { next }) };
}
