import type { ScheduleTrigger } from "../pipeline/schedule-trigger.ts";
import { lastTimeOf, nextTimeOf, timesFrom } from "../pipeline/timetable.ts";
import type { Engine, Stage } from "../ports/engine.ts";
import { startRun } from "../run/start-run.ts";
import type { ScheduleKey, StoredSchedule } from "../state/schedule.ts";
import { registerSchedules, schedulesOf } from "./register-schedules.ts";

/** Maximum number of schedules that one tick handles; the next tick takes the others. */
const schedulesPerTick = 300;

/** Maximum number of runs that one tick starts for a schedule that catches up. */
const runsPerTick = 50;

/** Milliseconds after its time until a run is late. Ticks come every minute, and now and then one comes after two. */
const onTimeMs = 2 * 60_000;

/**
 * Distinguishes a schedule's run from other runs for the same time. The default schedule's runs are the pipeline's own.
 */
export function scheduleCauseKey(name: string): string {
  return name === "default" ? "" : `schedule/${name}`;
}

function triggerOf({ pipelines }: Engine, { pipeline, name }: ScheduleKey): ScheduleTrigger | undefined {
  const defined = pipelines.get(pipeline);
  return defined && schedulesOf(defined).find((trigger) => trigger.name === name);
}

/**
 * The times up to now that a schedule starts runs for: all that aren't late, and those missed times that its policy
 * includes. `all` catches up by {@link runsPerTick} at a time.
 */
function dueTimes(trigger: ScheduleTrigger, nextAt: string, now: number, stage: Stage): Date[] {
  const first = Date.parse(nextAt);
  const bounds = { before: new Date(now + 1), max: runsPerTick };
  if (trigger.missed === "all") return timesFrom(trigger, new Date(first), stage, bounds);
  const fresh = timesFrom(trigger, new Date(Math.max(first, now - onTimeMs)), stage, bounds);
  const last = trigger.missed === "latest" ? lastTimeOf(trigger, new Date(now), stage) : undefined;
  return fresh.length > 0 || last === undefined || last.getTime() < first ? fresh : [last];
}

/** When a schedule continues: after the last time that it started a run for, or else after now. */
function nextAfter(trigger: ScheduleTrigger, started: readonly Date[], now: number, stage: Stage) {
  const catchesUp = trigger.missed === "all" && started.length === runsPerTick;
  const after = catchesUp ? started.at(-1) : undefined;
  return nextTimeOf(trigger, after ?? new Date(now), stage);
}

async function startDue(engine: Engine, key: ScheduleKey): Promise<void> {
  // The clock is read only once, so that a time that comes meanwhile is left to the next tick.
  const now = engine.clock.now();
  const stored = await engine.schedules.get(key);
  // The index that listed the schedule may be behind.
  if (stored?.nextAt === undefined || Date.parse(stored.nextAt) > now) return;
  const { nextAt, ...rest } = stored;
  const trigger = triggerOf(engine, key);
  // The schedule isn't defined any more. Whether it's on stays stored, for a deployment that brings it back.
  if (trigger === undefined) return void (await engine.schedules.put({ ...rest, rule: "gone" }, stored));
  const times = dueTimes(trigger, nextAt, now, engine.stage);
  for (const time of times) {
    await startRun(engine, {
      pipeline: key.pipeline,
      params: trigger.params,
      scheduledAt: time.toISOString(),
      cause: { kind: "schedule", schedule: trigger.name },
      causeKey: scheduleCauseKey(trigger.name),
    });
  }
  const next = nextAfter(trigger, times, now, engine.stage);
  const moved: StoredSchedule = { ...rest, ...(next !== undefined && { nextAt: next.toISOString() }) };
  await engine.schedules.put(moved, stored);
}

/**
 * Starts runs for each schedule whose time has come. The same time never starts two runs, however often this is called
 * and wherever it crashes: the run's id contains the time, and the schedule moves on only after its runs have started.
 * Reads only the schedules that are due, not all that are stored.
 *
 * @param until when it begins with no further schedule, epoch milliseconds. The next tick takes the others
 * @returns how many schedules it handled
 */
export async function runSchedules(engine: Engine, until = Number.POSITIVE_INFINITY): Promise<number> {
  await registerSchedules(engine);
  const now = new Date(engine.clock.now()).toISOString();
  let handled = 0;
  for (const key of await engine.schedules.due(now, schedulesPerTick)) {
    if (engine.clock.now() >= until) break;
    handled += 1;
    try {
      await startDue(engine, key);
    } catch (error) {
      engine.log.error("schedule failed", { ...key, error });
    }
  }
  return handled;
}
