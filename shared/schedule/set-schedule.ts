import { errorOf } from "../pipeline/millrace-error.ts";
import type { Engine } from "../ports/engine.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import type { StoredSchedule } from "../state/schedule.ts";
import { scheduleFromNow, schedulesOf } from "./register-schedules.ts";

/** A pipeline has no schedule of this name. */
export class ScheduleNotFoundError extends errorOf("SCHEDULE_NOT_FOUND") {}

/** A pipeline's schedule, as defined. @throws PipelineNotFoundError, ScheduleNotFoundError */
export function definedSchedule(engine: Engine, pipelineName: string, name: string) {
  const pipeline = engine.pipelines.get(pipelineName);
  if (pipeline === undefined) throw new PipelineNotFoundError(pipelineName, engine.pipelines.keys());
  const triggers = schedulesOf(pipeline);
  const trigger = triggers.find((each) => each.name === name);
  if (trigger !== undefined) return trigger;
  const known = triggers.map((each) => each.name).join(", ") || "none";
  throw new ScheduleNotFoundError(`pipeline ${pipeline.name} has no schedule "${name}"; it has: ${known}`);
}

/**
 * Switches a schedule on or off. A schedule that is switched on starts with the next time from now. If it's already on,
 * it stays as it is.
 *
 * @throws PipelineNotFoundError
 * @throws ScheduleNotFoundError
 */
export async function setScheduleActive(
  engine: Engine,
  { pipeline, name, active }: { pipeline: string; name: string; active: boolean },
): Promise<StoredSchedule> {
  const trigger = definedSchedule(engine, pipeline, name);
  // Another round means that somebody else changed the schedule meanwhile.
  for (;;) {
    const stored = await engine.schedules.get({ pipeline, name });
    const next = scheduleFromNow(engine, { pipeline, trigger, active }, stored);
    if (stored?.active === active && stored.rule === next.rule) return stored;
    if (await engine.schedules.put(next, stored)) return next;
  }
}
