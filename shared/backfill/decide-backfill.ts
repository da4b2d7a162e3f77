import { type Backfill, isStartedBy, wasStoppedWithBackfill } from "../state/backfill.ts";
import { isActive, type Run } from "../state/run.ts";

/**
 * How many runs a backfill requests beyond those that may be under way, so that a free slot is taken at once and not at
 * the next tick. The number is small because the runs wait as items of the queue.
 */
const ahead = 50;

/** A time, and the run for it, if there is one. */
export type CheckedTime = { readonly time: string; readonly run: Run | undefined };

/** What a backfill must do for a time, or the time's result. */
export type TimeState = "missing" | "again" | "open" | "succeeded" | "skipped" | "failed";

/** The state of a backfill's time. */
export function timeStateOf(
  backfill: Pick<Backfill, "id" | "passAt" | "retryFailed">,
  run: Run | undefined,
): TimeState {
  if (run === undefined) return "missing";
  if (isActive(run)) return "open";
  const before = run.endedAt < backfill.passAt;
  if (run.state === "SUCCEEDED") return before ? "skipped" : "succeeded";
  if (wasStoppedWithBackfill(run)) return "again";
  // A run that failed in this pass has already had its chance.
  return before && backfill.retryFailed ? "again" : "failed";
}

/** Whether a time's state is final for this pass. */
const isCounted = (timeState: TimeState) =>
  timeState === "succeeded" || timeState === "skipped" || timeState === "failed";

type Mutable = { counts: Record<"succeeded" | "skipped" | "failed", number>; open: string[] };

function count({ counts }: Mutable, timeState: TimeState): void {
  if (timeState === "succeeded" || timeState === "skipped" || timeState === "failed") counts[timeState] += 1;
}

/**
 * How many times may be open. The backfill's own runs wait for slots, so it may request some ahead. A run with another
 * cause holds none of its slots. While such a run is open, every open time therefore counts as under way.
 */
function room({ concurrency }: Backfill, foreign: boolean): number {
  return foreign ? concurrency : concurrency + ahead;
}

/**
 * The next state of a backfill under way. Pure: counts the times that have ended, and opens the next times while there
 * is room. The times to open are stored before their runs start, so that a worker that continues after a crash knows
 * them.
 *
 * @param opened the runs of the times that are open
 * @param coming the next times, in order, with their runs
 * @param after the time after the last of `coming`; undefined if there is none
 */
export function decideBackfill(
  backfill: Backfill,
  opened: readonly CheckedTime[],
  coming: readonly CheckedTime[],
  after: string | undefined,
): Pick<Backfill, "counts" | "open" | "next" | "state"> {
  const state: Mutable = { counts: { ...backfill.counts }, open: [] };
  const isForeign = (run: Run | undefined) => run !== undefined && !isStartedBy(run, backfill.id);
  let foreign = false;
  for (const { time, run } of opened) {
    const timeState = timeStateOf(backfill, run);
    count(state, timeState);
    if (isCounted(timeState)) continue;
    state.open.push(time);
    foreign ||= isForeign(run);
  }
  let next = after;
  for (const { time, run } of coming) {
    const timeState = timeStateOf(backfill, run);
    if (isCounted(timeState)) {
      count(state, timeState);
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
