import type { ScheduleTrigger } from "../../pipeline/schedule-trigger.ts";
import { timesFrom } from "../../pipeline/timetable.ts";
import { mapConcurrently } from "../../platform/map-concurrently.ts";
import type { Engine } from "../../ports/engine.ts";
import { runIdOf } from "../../run/run-id.ts";
import { schedulesOf } from "../../schedule/register-schedules.ts";
import { scheduleCauseKey } from "../../schedule/run-schedules.ts";
import type { ScheduleView } from "../../schedule/schedule-view.ts";
import { viewSchedules } from "../../schedule/view-schedules.ts";
import type { RunSummary } from "../../state/run.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, section } from "../sources.ts";

/**
 * A time of a schedule, ISO 8601 in UTC. `run`: there is a run for it. `none`: it has passed without one. `unread`: it
 * lies further back than runs were read. `next`: it is to come.
 */
export type CalendarTime = { readonly time: string } & (
  | { readonly kind: "run"; readonly run: RunSummary }
  | { readonly kind: "none" | "unread" | "next" }
);

/** A schedule with its times in the days of a calendar. */
export type CalendarRow = {
  readonly schedule: ScheduleView;
  readonly times: Section<readonly CalendarTime[]>;
};

/** Schedules, and the calendar of seven days. */
export type SchedulesPageData = {
  /** The first day, as a date. */
  readonly first: string;
  readonly rows: readonly CalendarRow[];
};

const hour = 3_600_000;
const day = 24 * hour;
/** Days of the calendar, and how many of them lie before today unless the request says otherwise. */
export const calendarDays = 7;
const daysBefore = 4;
/** A date begins up to 14 hours before it does in UTC, and up to 12 hours later. */
const eastmost = 14 * hour;
const westmost = 12 * hour;
/** Runs of a pipeline that one page looks at, and times of a schedule that it names. */
const maxRuns = 500;
export const maxTimes = 200;
/** Next times of each schedule beside the calendar. */
const nextShown = 3;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, "YYYY-MM-DD".length);

type Bounds = { readonly from: number; readonly to: number; readonly now: number };

/** The runs of a pipeline that were requested in the days, and since when all of them were read. */
type Listed = { readonly runs: readonly RunSummary[]; readonly since: number };

async function listRuns({ store }: Engine, pipeline: string, { from, to, now }: Bounds): Promise<Listed> {
  if (from > now) return { runs: [], since: from };
  // A run that is caught up is requested after its time.
  const [since, until] = [from, to + day].map((time) => new Date(time).toISOString());
  const { runs, next } = await store.listRuns(
    { pipeline, ...(since !== undefined && { since }), ...(until !== undefined && { until }) },
    maxRuns,
  );
  const last = runs.at(-1);
  return { runs, since: next === undefined || last === undefined ? from : Date.parse(last.startedAt) };
}

/** The times of a schedule in the days: those of its runs, those that passed without one, and those to come. */
function timesIn(
  { stage }: Engine,
  { pipeline, name, active, upcoming: [nextAt] }: ScheduleView,
  trigger: ScheduleTrigger,
  { runs, since }: Listed,
  { from, to, now }: Bounds,
): CalendarTime[] {
  const causeKey = scheduleCauseKey(name);
  const inDays = (time: number) => time >= from && time < to;
  const own = runs.filter(
    (run) =>
      inDays(Date.parse(run.scheduledAt)) && runIdOf(pipeline, run.scheduledAt, causeKey) === run.runId,
  );
  const ran = new Set(own.map((run) => Date.parse(run.scheduledAt)));
  const named = (start: number, end: number) =>
    timesFrom(trigger, new Date(start), stage, { before: new Date(end), max: maxTimes })
      .map((time) => time.getTime())
      .filter((time) => !ran.has(time));
  const iso = (time: number) => new Date(time).toISOString();
  // What a schedule did while it was on isn't stored, so the passed times of one that is off say nothing.
  const passed = active ? named(from, Math.min(to, now)) : [];
  const next = nextAt === undefined ? [] : named(Math.max(from, now, Date.parse(nextAt)), to);
  return [
    ...own.map((run): CalendarTime => ({ kind: "run", time: run.scheduledAt, run })),
    ...passed.map((time): CalendarTime => ({ kind: time < since ? "unread" : "none", time: iso(time) })),
    ...next.map((time): CalendarTime => ({ kind: "next", time: iso(time) })),
  ].toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** Schedules and their calendar in one round: all schedules, and one page of runs for each pipeline that has any. */
export async function readSchedules(
  engine: Engine,
  { week }: RequestOf<"schedules">,
): Promise<SchedulesPageData> {
  const now = engine.clock.now();
  const first = week ?? dateOf(now - daysBefore * day);
  const start = Date.parse(first);
  const bounds = { from: start - eastmost, to: start + calendarDays * day + westmost, now };
  const scheduled = [...engine.pipelines.values()].filter((each) => schedulesOf(each).length > 0);
  const [schedules, listings] = await Promise.all([
    viewSchedules(engine, nextShown),
    mapConcurrently(
      scheduled,
      async ({ name }) => [name, await section(listRuns(engine, name, bounds))] as const,
    ),
  ]);
  const listed = new Map(listings);
  const rows = schedules.flatMap((schedule): CalendarRow[] => {
    const pipeline = engine.pipelines.get(schedule.pipeline);
    const trigger = pipeline && schedulesOf(pipeline).find(({ name }) => name === schedule.name);
    const part = listed.get(schedule.pipeline);
    if (trigger === undefined || part === undefined) return [];
    if (!part.read) return [{ schedule, times: part }];
    return [
      { schedule, times: { read: true, value: timesIn(engine, schedule, trigger, part.value, bounds) } },
    ];
  });
  return { first, rows };
}
