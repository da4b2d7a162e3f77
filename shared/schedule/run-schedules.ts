import type { ScheduleTrigger } from "../pipeline/schedule-trigger.ts";
import { lastTimeOf, nextTimeOf, timesFrom } from "../pipeline/timetable.ts";
import type { Engine, Stage } from "../ports/engine.ts";
import { startRun } from "../run/start-run.ts";
import type { ScheduleKey, StoredSchedule } from "../state/schedule.ts";
import { registerSchedules, schedulesOf } from "./register-schedules.ts";

/** Most schedules that one tick starts runs of; the next tick takes the others. */
const schedulesPerTick = 300;

/** Most runs that one tick starts for one schedule that catches up. */
const runsPerTick = 50;

/** Milliseconds after its time until a run is late: ticks come by the minute, and now and then one comes twice as late. */
const onTime = 2 * 60_000;

/** What tells a schedule's run for a time from others for that time: those of the default schedule are the pipeline's own. */
export function scheduleCauseKey(name: string): string {
  return name === "default" ? "" : `schedule/${name}`;
}

function triggerOf({ pipelines }: Engine, { pipeline, name }: ScheduleKey): ScheduleTrigger | undefined {
  const defined = pipelines.get(pipeline);
  return defined && schedulesOf(defined).find((trigger) => trigger.name === name);
}

/**
 * The times up to now that a schedule starts runs for: those that are not late; of those that were missed as it says.
 * `all` catches up by {@link runsPerTick}.
 */
function dueTimes(trigger: ScheduleTrigger, nextAt: string, now: number, stage: Stage): Date[] {
  const first = Date.parse(nextAt);
  const bounds = { before: new Date(now + 1), most: runsPerTick };
  if (trigger.missed === "all") return timesFrom(trigger, new Date(first), stage, bounds);
  const fresh = timesFrom(trigger, new Date(Math.max(first, now - onTime)), stage, bounds);
  const last = trigger.missed === "latest" ? lastTimeOf(trigger, new Date(now), stage) : undefined;
  return fresh.length > 0 || last === undefined || last.getTime() < first ? fresh : [last];
}

/** Where a schedule goes on from: after the last time that it started a run for, or else after now. */
function nextAfter(trigger: ScheduleTrigger, started: readonly Date[], now: number, stage: Stage) {
  const catchesUp = trigger.missed === "all" && started.length === runsPerTick;
  const after = catchesUp ? started.at(-1) : undefined;
  return nextTimeOf(trigger, after ?? new Date(now), stage);
}

async function startDue(engine: Engine, key: ScheduleKey): Promise<void> {
  // One look at the clock for all that follows: a time that comes meanwhile is for the next tick.
  const now = engine.clock.now();
  const stored = await engine.schedules.get(key);
  // The index that named it may be behind.
  if (stored?.nextAt === undefined || Date.parse(stored.nextAt) > now) return;
  const { nextAt, ...rest } = stored;
  const trigger = triggerOf(engine, key);
  // Not defined any more: its toggle stays for a deployment that brings it back.
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
 * and wherever it dies: the run's id is made of it, and the schedule moves on only after its runs were started. Reads
 * what is due, not what is stored.
 */
export async function runSchedules(engine: Engine): Promise<void> {
  await registerSchedules(engine);
  const now = new Date(engine.clock.now()).toISOString();
  for (const key of await engine.schedules.due(now, schedulesPerTick)) {
    try {
      await startDue(engine, key);
    } catch (error) {
      engine.log.error("schedule failed", { ...key, error });
    }
  }
}
