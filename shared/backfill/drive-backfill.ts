import { cancelRunAs } from "../cancel/settle-cancellation.ts";
import { timesFrom } from "../pipeline/timetable.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import { lastLook } from "../run/end-run.ts";
import { reopenRun } from "../run/reopen-run.ts";
import { ParamsError, PipelineNotFoundError } from "../run/run-errors.ts";
import { runIdOf } from "../run/run-id.ts";
import { startRun } from "../run/start-run.ts";
import { wantRun } from "../run/want-run.ts";
import { type Backfill, backfillLimit, backfillTag, stoppedWith } from "../state/backfill.ts";
import { isActive, isEnded, type Run } from "../state/run.ts";
import { hasWanters, isWantedOnlyBy, wantersOf } from "../state/wanters.ts";
import { type CheckedTime, decideBackfill, timeStateOf } from "./decide-backfill.ts";

/** How many times one turn looks at beyond the open ones, and how many turns one call takes. */
const timesPerTurn = 500;
const turnsPerCall = 4;
/** Maximum number of times that one call looks at, beyond the open ones. */
export const timesPerCall = timesPerTurn * turnsPerCall;
/** How many backfills one tick drives. */
const backfillsPerTick = 20;
/** Milliseconds until the next look at a backfill; shorter than a tick, so that each tick looks at it. */
const turnDelayMs = 30_000;
/** Behind all other runs of a work queue: a backfill's times are in the past and can wait. */
const lastPriority = 100;

/** The runs for some of a backfill's times, in the order of the times. */
export function lookAt(
  engine: Engine,
  { pipeline, causeKey }: Pick<Backfill, "pipeline" | "causeKey">,
  times: readonly string[],
): Promise<CheckedTime[]> {
  return mapConcurrently(times, async (time) => {
    return { time, run: await engine.store.getRun(runIdOf(pipeline, time, causeKey)) };
  });
}

async function startTime(engine: Engine, backfill: Backfill, time: string): Promise<void> {
  const { id, pipeline, params, causeKey, concurrency } = backfill;
  await startRun(engine, {
    pipeline,
    params,
    scheduledAt: time,
    cause: { kind: "backfill", backfill: id },
    causeKey,
    priority: lastPriority,
    tags: [backfillTag(id)],
    limit: { name: backfillLimit(id), limit: concurrency },
  });
}

/** The next times that a turn looks at, and the time after them. */
function upcomingTimes({ timetable, next, to }: Backfill): { times: string[]; after?: string } {
  if (next === undefined) return { times: [] };
  const bounds = { before: new Date(to), max: timesPerTurn + 1 };
  // The backfill's timetable has a time zone of its own.
  const times = timesFrom(timetable, new Date(next), { timezone: "UTC" }, bounds).map((time) =>
    time.toISOString(),
  );
  const after = times[timesPerTurn];
  return { times: times.slice(0, timesPerTurn), ...(after !== undefined && { after }) };
}

const later = (engine: Engine) => new Date(engine.clock.now() + turnDelayMs).toISOString();

/** Whether a run's record should list a backfill among those who want the run, but doesn't do so yet. */
function isUnnoted(run: Run, id: string): boolean {
  return hasWanters(run) && !wantersOf(run).has(id);
}

/** One turn of a backfill under way. True if it got through all times of the turn and there may be more to skip. */
async function goOn(engine: Engine, backfill: Backfill): Promise<boolean> {
  const { times, after } = upcomingTimes(backfill);
  const opened = await lookAt(engine, backfill, backfill.open);
  const coming = await lookAt(engine, backfill, times);
  const { next: _next, dueAt: _dueAt, ...facts } = backfill;
  const decided = decideBackfill(backfill, opened, coming, after);
  const moved: Backfill = {
    ...facts,
    ...decided,
    version: backfill.version + 1,
    ...(decided.state === "RUNNING" && { dueAt: later(engine) }),
  };
  if (!(await engine.backfills.put(moved))) return false;
  const runs = new Map([...opened, ...coming].map(({ time, run }) => [time, run]));
  await mapConcurrently(moved.open, async (time) => {
    const run = runs.get(time);
    const timeState = timeStateOf(backfill, run);
    if (timeState === "missing") await startTime(engine, moved, time);
    // If the run can't be reopened yet, the next turn finds the same state and tries again.
    if (timeState === "again" && run !== undefined && isEnded(run)) await reopenRun(engine, run, backfill.id);
    if (timeState === "open" && run !== undefined && isUnnoted(run, backfill.id)) {
      await wantRun(engine, run.runId, backfill.id);
    }
  });
  return after !== undefined && moved.next === after;
}

/** Whether a run is under way, and a backfill still wants it. */
function isWanted(run: Run, id: string): boolean {
  return isActive(run) && hasWanters(run) && wantersOf(run).has(id);
}

/**
 * Lets go of a run for a cancelled backfill. If nobody else wants the run, it is cancelled. Both writes have the
 * condition that nobody changed who wants the run since it was read. So if two backfills let go of a run at once, one
 * of them cancels it. If another backfill begins to want the run meanwhile, nobody cancels it.
 */
async function letGo(engine: Engine, id: string, found: Run): Promise<void> {
  for (let run: Run | undefined = found; run !== undefined; run = await engine.store.getRun(run.runId)) {
    if (!isWanted(run, id) || run.state === "CANCELLING") return;
    if (isWantedOnlyBy(run, id)) {
      await cancelRunAs(engine, run, "CANCELLED", stoppedWith(id), { wantedOnlyBy: id });
    } else {
      const others = [...wantersOf(run)].filter((wanter) => wanter !== id);
      if (await engine.store.setWanters(run, new Set(others))) return;
    }
  }
}

/**
 * One turn of a cancelled backfill: lets go of the runs that it wanted, and waits for those that a late worker may
 * start.
 */
async function settle(engine: Engine, backfill: Backfill): Promise<void> {
  const { id, counts, dueAt: _dueAt, ...facts } = backfill;
  const now = engine.clock.now();
  const opened = await lookAt(engine, backfill, backfill.open);
  await mapConcurrently(opened, async ({ run }) => {
    if (run !== undefined) await letGo(engine, id, run);
  });
  // No worker that didn't know of the cancel works longer than that.
  const mayCome = now < Date.parse(backfill.cancelledAt ?? backfill.passAt) + lastLook;
  // Runs that waited are cancelled by now. A run with a job ends with that job.
  const settled = await lookAt(engine, backfill, backfill.open);
  const open = settled.filter(({ run }) => (run === undefined ? mayCome : isWanted(run, id)));
  const succeeded = settled.filter(({ run }) => timeStateOf(backfill, run) === "succeeded").length;
  await engine.backfills.put({
    ...facts,
    id,
    counts: { ...counts, succeeded: counts.succeeded + succeeded },
    open: open.map(({ time }) => time),
    version: backfill.version + 1,
    ...(open.length > 0 && { dueAt: later(engine) }),
  });
}

/** Cancels a backfill that can't continue because its pipeline has changed. */
async function giveUp(engine: Engine, id: string, reason: string): Promise<void> {
  const backfill = await engine.backfills.get(id);
  if (backfill?.state !== "RUNNING") return;
  engine.log.error("backfill cannot continue", { backfill: id, reason });
  const cancelledAt = new Date(engine.clock.now()).toISOString();
  await engine.backfills.put({
    ...backfill,
    ...{ state: "CANCELLED", reason, cancelledAt, version: backfill.version + 1 },
  });
}

/**
 * Moves a backfill on: counts the times that have ended, skips those that had already succeeded, and starts as many as
 * there is room for. Safe to repeat, and a crash at any point does no harm. If two calls overlap, one of them changes
 * nothing.
 */
export async function driveBackfill(engine: Engine, id: string): Promise<void> {
  try {
    for (let turn = 0; turn < turnsPerCall; turn += 1) {
      const backfill = await engine.backfills.get(id);
      if (backfill?.dueAt === undefined) return;
      if (backfill.state === "CANCELLED") return await settle(engine, backfill);
      if (!(await goOn(engine, backfill))) return;
    }
  } catch (error) {
    if (!(error instanceof ParamsError || error instanceof PipelineNotFoundError)) throw error;
    await giveUp(engine, id, error.message);
  }
}

/**
 * Moves on every backfill that is due, each on its own. Reads only the backfills that are due, not all that are stored.
 *
 * @param until when it begins with no further backfill, epoch milliseconds. The next tick takes the others
 * @returns how many backfills it handled
 */
export async function driveBackfills(engine: Engine, until = Number.POSITIVE_INFINITY): Promise<number> {
  const now = new Date(engine.clock.now()).toISOString();
  let handled = 0;
  for (const id of await engine.backfills.due(now, backfillsPerTick)) {
    if (engine.clock.now() >= until) break;
    handled += 1;
    try {
      // Before it is read, so that a backfill that can't be read doesn't stay ahead of the others.
      await engine.backfills.defer(id, later(engine));
      await driveBackfill(engine, id);
    } catch (error) {
      engine.log.error("backfill failed", { backfill: id, error });
    }
  }
  return handled;
}
