import type { Engine, Stage } from "../engine.ts";
import type { Pipeline } from "../pipeline/define-pipeline.ts";
import { type CronTrigger, nextTimeOf } from "../pipeline/trigger.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import { startRun } from "../run/start-run.ts";
import type { StoredSchedule } from "./schedule-store.ts";

/** A pipeline has no schedule of this name. */
export class ScheduleNotFoundError extends Error {
  override readonly name = "ScheduleNotFoundError";
}

function schedulesOf(pipeline: Pipeline): CronTrigger[] {
  return pipeline.triggers.filter((trigger) => trigger.kind === "cron");
}

/** The first time from now on that a schedule names, ISO 8601, UTC. */
function nextTime({ clock, stage }: Engine, trigger: CronTrigger): string {
  const now = new Date(clock.now());
  const next = nextTimeOf(trigger, now, stage);
  if (next === undefined)
    throw new RangeError(`cron "${trigger.expression}" names no time after ${now.toISOString()}`);
  return next.toISOString();
}

/** Whether a schedule that is deployed for the first time is on in a stage. */
function isActiveIn({ active }: CronTrigger, { name }: Stage): boolean {
  return typeof active === "boolean" ? active : active.includes(name);
}

async function startDue(engine: Engine, pipeline: Pipeline, trigger: CronTrigger, stored: StoredSchedule) {
  const now = engine.clock.now();
  if (!stored.active || Date.parse(stored.nextAt) > now) return;
  await startRun(engine, {
    pipeline: pipeline.name,
    params: trigger.params,
    scheduledAt: stored.nextAt,
    cause: { kind: "schedule", schedule: trigger.name },
    causeKey: "",
  });
  // Times missed while the tick was away are skipped: the next is one that is still to come.
  await engine.schedules.advance(stored, stored.nextAt, nextTime(engine, trigger));
}

/**
 * Starts a run for each schedule whose time has come, and registers those that were deployed since. The same time never
 * starts two runs, however often this is called: the run's id is made of it.
 */
export async function runSchedules(engine: Engine): Promise<void> {
  const stored = await engine.schedules.list();
  for (const pipeline of engine.pipelines.values()) {
    for (const trigger of schedulesOf(pipeline)) {
      const known = stored.find((each) => each.pipeline === pipeline.name && each.name === trigger.name);
      try {
        if (known !== undefined) await startDue(engine, pipeline, trigger, known);
        else await register(engine, pipeline, trigger, isActiveIn(trigger, engine.stage));
      } catch (error) {
        engine.log.error("schedule failed", { pipeline: pipeline.name, schedule: trigger.name, error });
      }
    }
  }
}

async function register(engine: Engine, { name: pipeline }: Pipeline, trigger: CronTrigger, active: boolean) {
  const nextAt = nextTime(engine, trigger);
  await engine.schedules.register({ pipeline, name: trigger.name, active, nextAt });
}

/**
 * Switches a schedule on or off. Switched on, it starts with the next time from now.
 *
 * @throws PipelineNotFoundError
 * @throws ScheduleNotFoundError
 */
export async function setScheduleActive(
  engine: Engine,
  request: { pipeline: string; name: string; active: boolean },
): Promise<StoredSchedule> {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const triggers = schedulesOf(pipeline);
  const trigger = triggers.find(({ name }) => name === request.name);
  const missing = () => {
    const known = triggers.map(({ name }) => name).join(", ") || "none";
    return new ScheduleNotFoundError(
      `pipeline ${pipeline.name} has no schedule "${request.name}"; it has: ${known}`,
    );
  };
  if (trigger === undefined) throw missing();
  await register(engine, pipeline, trigger, request.active);
  const nextAt = nextTime(engine, trigger);
  const stored = await engine.schedules.setActive(
    { pipeline: pipeline.name, name: trigger.name },
    request.active,
    nextAt,
  );
  if (stored === undefined) throw missing();
  return stored;
}
