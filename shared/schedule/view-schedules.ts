import { timesFrom, zoneOf } from "../pipeline/timetable.ts";
import type { Engine } from "../ports/engine.ts";
import { schedulesOf, updatedSchedule } from "./register-schedules.ts";
import type { ScheduleView } from "./schedule-view.ts";

/**
 * Every deployed schedule by pipeline and name, each with its next runs, which are computed and not stored.
 *
 * @param count how many next runs to list for each
 */
export async function viewSchedules(engine: Engine, count: number): Promise<ScheduleView[]> {
  const all = new Map((await engine.schedules.list()).map((each) => [`${each.pipeline}#${each.name}`, each]));
  const views = [...engine.pipelines.values()].flatMap((pipeline) =>
    schedulesOf(pipeline).map((trigger) => {
      const found = all.get(`${pipeline.name}#${trigger.name}`);
      const { nextAt, ...shown } = updatedSchedule(engine, pipeline.name, trigger, found);
      const times =
        nextAt === undefined ? [] : timesFrom(trigger, new Date(nextAt), engine.stage, { max: count });
      return {
        ...shown,
        timezone: zoneOf(trigger, engine.stage),
        missed: trigger.missed,
        upcoming: times.map((time) => time.toISOString()),
      };
    }),
  );
  return views.sort((a, b) => a.pipeline.localeCompare(b.pipeline) || a.name.localeCompare(b.name));
}
