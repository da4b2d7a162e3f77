import type { Pipeline } from "../pipeline/pipeline.ts";
import { isSchedule, type ScheduleTrigger } from "../pipeline/schedule-trigger.ts";
import { nextTimeOf, timetableText } from "../pipeline/timetable.ts";
import type { Engine, Stage } from "../ports/engine.ts";
import type { StoredSchedule } from "../state/schedule.ts";

/** The schedules of a pipeline, as defined. */
export function schedulesOf({ triggers }: Pick<Pipeline, "triggers">): ScheduleTrigger[] {
  return triggers.filter(isSchedule);
}

/** Whether a schedule is on in a stage when it's first deployed. */
function isActiveIn({ active }: ScheduleTrigger, { name }: Stage): boolean {
  return typeof active === "boolean" ? active : active.includes(name);
}

/** A schedule's record: on or off, and with its first time from now on. Other stored fields stay as they are. */
export function scheduleFromNow(
  { clock, stage }: Engine,
  { pipeline, trigger, active }: { pipeline: string; trigger: ScheduleTrigger; active: boolean },
  stored: StoredSchedule | undefined,
): StoredSchedule {
  const next = active ? nextTimeOf(trigger, new Date(clock.now()), stage) : undefined;
  const { nextAt: _before, ...kept } = stored ?? {};
  return {
    ...kept,
    pipeline,
    name: trigger.name,
    active,
    rule: timetableText(trigger, stage),
    ...(next !== undefined && { nextAt: next.toISOString() }),
  };
}

/**
 * The record of a defined schedule. Whether it's on or off outlives deployments. If the definition's times have
 * changed, the schedule counts from now on.
 */
export function updatedSchedule(
  engine: Engine,
  pipeline: string,
  trigger: ScheduleTrigger,
  stored: StoredSchedule | undefined,
): StoredSchedule {
  if (stored?.rule === timetableText(trigger, engine.stage)) return stored;
  const active = stored?.active ?? isActiveIn(trigger, engine.stage);
  return scheduleFromNow(engine, { pipeline, trigger, active }, stored);
}

/** The pipelines whose schedules this worker has already registered. */
const registered = new WeakSet<Engine["pipelines"]>();

/** All stored schedules; undefined if one of them can't be read. */
async function storedSchedules(engine: Engine): Promise<ReadonlyMap<string, StoredSchedule> | undefined> {
  try {
    const all = await engine.schedules.list();
    return new Map(all.map((each) => [`${each.pipeline}#${each.name}`, each]));
  } catch (error) {
    engine.log.error("schedules not listed; each is read on its own", { error });
    return undefined;
  }
}

/**
 * Stores the schedules that are new or changed since the last deployment. Each worker does it once, because a
 * deployment starts new workers. If a schedule can't be stored, that is logged and tried again at the next tick.
 */
export async function registerSchedules(engine: Engine): Promise<void> {
  if (registered.has(engine.pipelines)) return;
  const all = await storedSchedules(engine);
  let complete = true;
  for (const pipeline of engine.pipelines.values()) {
    for (const trigger of schedulesOf(pipeline)) {
      try {
        const key = { pipeline: pipeline.name, name: trigger.name };
        const stored = all ? all.get(`${key.pipeline}#${key.name}`) : await engine.schedules.get(key);
        const wanted = updatedSchedule(engine, pipeline.name, trigger, stored);
        if (wanted !== stored) complete = (await engine.schedules.put(wanted, stored)) && complete;
      } catch (error) {
        complete = false;
        engine.log.error("schedule not stored", { pipeline: pipeline.name, schedule: trigger.name, error });
      }
    }
  }
  if (complete) registered.add(engine.pipelines);
}
