import type { Engine } from "../engine.ts";
import type { Missed } from "../pipeline/schedule-trigger.ts";
import { timesFrom, zoneOf } from "../pipeline/timetable.ts";
import { asDefined, schedulesOf } from "./register-schedules.ts";

/** A schedule of the deployed pipelines, as a person sees it. Times are ISO 8601 in UTC. */
export type ScheduleView = {
  pipeline: string;
  name: string;
  active: boolean;
  /** Its times in words. */
  rule: string;
  timezone: string;
  missed: Missed;
  /** The times to come, none for a schedule that is off or has come to its end. */
  upcoming: string[];
};

/**
 * Every schedule that is deployed, by pipeline and name, each with its next runs: computed, none of them is stored.
 *
 * @param count how many runs to come are listed of each
 */
export async function viewSchedules(engine: Engine, count: number): Promise<ScheduleView[]> {
  const all = new Map((await engine.schedules.list()).map((each) => [`${each.pipeline}#${each.name}`, each]));
  const views = [...engine.pipelines.values()].flatMap((pipeline) =>
    schedulesOf(pipeline).map((trigger) => {
      const found = all.get(`${pipeline.name}#${trigger.name}`);
      const { name, active, rule, nextAt } = asDefined(engine, pipeline.name, trigger, found);
      const times =
        nextAt === undefined ? [] : timesFrom(trigger, new Date(nextAt), engine.stage, { most: count });
      return {
        ...{ pipeline: pipeline.name, name, active, rule },
        timezone: zoneOf(trigger, engine.stage),
        missed: trigger.missed,
        upcoming: times.map((time) => time.toISOString()),
      };
    }),
  );
  return views.sort((a, b) => a.pipeline.localeCompare(b.pipeline) || a.name.localeCompare(b.name));
}
