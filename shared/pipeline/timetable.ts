import { Cron, CronPattern } from "croner";
import * as z from "zod";
import type { IntervalLength } from "./schedule-trigger.ts";
import { openObject, type Stored } from "./stored-record.ts";
import { type Moments, type WallClock, wallClock } from "./wall-clock.ts";

const zoned = { timezone: z.string(), end: z.string().exactOptional() };

/** The times that a schedule names: its trigger defines them, and a backfill stores them. */
export const timetableRecord = z.discriminatedUnion("kind", [
  openObject({ kind: z.literal("cron"), expression: z.string(), ...zoned }),
  openObject({
    kind: z.literal("interval"),
    every: z.union([
      openObject({ minutes: z.int() }),
      openObject({ hours: z.int() }),
      openObject({ days: z.int() }),
    ]),
    anchor: z.string(),
    ...zoned,
  }),
]);
export type Timetable = Stored<typeof timetableRecord>;

/** Supplies the time zone for a schedule that has none of its own. */
type Zoned = { readonly timezone: string };

/** An ascending set of times: the nearest after a given time, and the nearest at or before it. */
type Times = {
  after(time: number): number | undefined;
  upTo(time: number): number | undefined;
};

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * The moments of wall times.
 *
 * @param pick which moment of a wall time counts, or none; it keeps the order of wall times
 */
function momentTimes(walls: Times, clock: WallClock, pick: (moments: Moments) => number | undefined): Times {
  const momentOf = (wall: number) => pick(clock.momentsOf(wall));
  return {
    after(time) {
      const shown = clock.wallAt(time);
      // Clocks may go back soon. Then they show this wall time and some earlier ones again, so the search begins there.
      let wall = walls.after(shown - (clock.momentsOf(shown).last - time));
      for (; wall !== undefined; wall = walls.after(wall)) {
        const moment = momentOf(wall);
        if (moment !== undefined && moment > time) return moment;
      }
      return undefined;
    },
    upTo(time) {
      const shown = clock.wallAt(time);
      // Clocks may have gone back. Then they have already shown later wall times, so the search begins there.
      let wall = walls.upTo(shown + (time - clock.momentsOf(shown).first));
      for (; wall !== undefined; wall = walls.upTo(wall - 1)) {
        const moment = momentOf(wall);
        if (moment !== undefined && moment <= time) return moment;
      }
      return undefined;
    },
  };
}

/** Each wall time once: at the first moment that clocks show it, or at the change if they skip it. */
const onceEach = (walls: Times, clock: WallClock): Times => momentTimes(walls, clock, ({ first }) => first);

/** Each moment at which clocks show one of the wall times: twice if they go back, never if they skip it. */
function wheneverShown(walls: Times, clock: WallClock): Times {
  const first = momentTimes(walls, clock, (moments) => (moments.exists ? moments.first : undefined));
  const last = momentTimes(walls, clock, (moments) => (moments.exists ? moments.last : undefined));
  const nearest = (found: (number | undefined)[], choose: (...times: number[]) => number) => {
    const times = found.filter((time) => time !== undefined);
    return times.length === 0 ? undefined : choose(...times);
  };
  return {
    after: (time) => nearest([first.after(time), last.after(time)], Math.min),
    upTo: (time) => nearest([first.upTo(time), last.upTo(time)], Math.max),
  };
}

/**
 * The moments of a cron expression. If it names every hour of the day, it follows elapsed time; otherwise it names
 * times of the day. See docs/adr/cron-in-five-fields.md.
 */
function cronTimes(expression: string, timezone: string): Times {
  const { hour, pattern } = new CronPattern(expression, undefined, { mode: "5-part" });
  const [, , dayOfMonth = "", , weekday = ""] = pattern.trim().split(/\s+/);
  // As crontab(5): a date has to match either of the two, but both if one of them begins with a star.
  const domAndDow = [dayOfMonth, weekday].some((field) => /^[*?]/.test(field));
  // croner only knows the calendar here. In a time zone, its rules for the change of clocks would apply.
  const cron = new Cron(expression, { utcOffset: 0, mode: "5-part", domAndDow, paused: true });
  const walls: Times = {
    after: (wall) => cron.nextRun(new Date(wall))?.getTime(),
    // croner returns times before the given second, so the second after it is given.
    upTo: (wall) => cron.previousRuns(1, new Date((Math.floor(wall / 1000) + 1) * 1000))[0]?.getTime(),
  };
  if (timezone === "UTC") return walls;
  return hour.every(Boolean)
    ? wheneverShown(walls, wallClock(timezone))
    : onceEach(walls, wallClock(timezone));
}

function lengthTimes(length: number, anchor: number): Times {
  const upTo = (time: number) => anchor + Math.floor((time - anchor) / length) * length;
  return { after: (time) => upTo(time) + length, upTo };
}

function intervalTimes(every: IntervalLength, anchor: number, timezone: string): Times {
  if ("days" in every) {
    const clock = wallClock(timezone);
    const wall = Math.floor(clock.wallAt(anchor) / minute) * minute;
    return onceEach(lengthTimes(every.days * day, wall), clock);
  }
  return lengthTimes(("hours" in every ? every.hours * 60 : every.minutes) * minute, anchor);
}

function timesOf(timetable: Timetable, stage: Zoned): Times {
  const zone = zoneOf(timetable, stage);
  if (timetable.kind === "cron") return cronTimes(timetable.expression, zone);
  return intervalTimes(timetable.every, Date.parse(timetable.anchor), zone);
}

/** The time zone of a schedule: its own, or that of the stage. */
export function zoneOf({ timezone }: Pick<Timetable, "timezone">, stage: Zoned): string {
  return timezone === "stage" ? stage.timezone : timezone;
}

const endOf = ({ end }: Timetable) => (end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end));

/**
 * The first time that a schedule names after a given time; undefined if there is none.
 *
 * @param stage supplies the time zone if the schedule has none
 */
export function nextTimeOf(timetable: Timetable, after: Date, stage: Zoned): Date | undefined {
  const next = timesOf(timetable, stage).after(after.getTime());
  return next === undefined || next >= endOf(timetable) ? undefined : new Date(next);
}

/**
 * The last time that a schedule names at or before a given time; undefined if there is none.
 *
 * @param stage supplies the time zone if the schedule has none
 */
export function lastTimeOf(timetable: Timetable, at: Date, stage: Zoned): Date | undefined {
  const last = timesOf(timetable, stage).upTo(Math.min(at.getTime(), endOf(timetable) - 1));
  return last === undefined ? undefined : new Date(last);
}

/**
 * The times that a schedule names from a given time on, earliest first.
 *
 * @param bounds the time that all of them are before, and the maximum number of times
 */
export function timesFrom(
  timetable: Timetable,
  from: Date,
  stage: Zoned,
  { before, max }: { before?: Date; max: number },
): Date[] {
  const times = timesOf(timetable, stage);
  const end = Math.min(endOf(timetable), before?.getTime() ?? Number.POSITIVE_INFINITY);
  const found: Date[] = [];
  let time = times.after(from.getTime() - 1);
  while (time !== undefined && time < end && found.length < max) {
    found.push(new Date(time));
    time = times.after(time);
  }
  return found;
}

function lengthText(every: IntervalLength): string {
  const [[unit, count] = ["minutes", 1]] = Object.entries(every);
  return count === 1 ? unit.slice(0, -1) : `${count} ${unit}`;
}

/** A schedule in words, equal for equal times: `cron 0 3 * * * in Europe/Berlin`. */
export function timetableText(timetable: Timetable, stage: Zoned): string {
  const times =
    timetable.kind === "cron"
      ? `cron ${timetable.expression}`
      : `every ${lengthText(timetable.every)} from ${timetable.anchor}`;
  const until = timetable.end === undefined ? "" : `, before ${timetable.end}`;
  return `${times} in ${zoneOf(timetable, stage)}${until}`;
}
