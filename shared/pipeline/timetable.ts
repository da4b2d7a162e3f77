import { Cron } from "croner";
import * as z from "zod";
import type { IntervalLength } from "./schedule-trigger.ts";
import { openObject, type Stored } from "./stored-record.ts";
import { wallTime } from "./time-zone.ts";

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

/** The nearest time after a given time, and the nearest time at or before it. */
type Times = {
  after(time: number): number | undefined;
  upTo(time: number): number | undefined;
};

const minute = 60_000;
const day = 24 * 60 * minute;

function cronTimes(expression: string, timezone: string): Times {
  // An offset is nine times as fast as the name: in a named zone, croner asks Intl for each field of each time.
  const zone = timezone === "UTC" ? { utcOffset: 0 } : { timezone };
  const cron = new Cron(expression, { ...zone, mode: "5-part", paused: true });
  return {
    after: (time) => cron.nextRun(new Date(time))?.getTime(),
    // croner returns times before the given second, so the second after it is given.
    upTo: (time) => cron.previousRuns(1, new Date((Math.floor(time / 1000) + 1) * 1000))[0]?.getTime(),
  };
}

/** Days since 1970 of the calendar date in a time zone. */
function dateNumber(time: number, timezone: string): number {
  const { yyyy, MM, dd } = wallTime(time, timezone);
  return Date.UTC(Number(yyyy), Number(MM) - 1, Number(dd)) / day;
}

/** Every N dates at the anchor's time of day. Days on which clocks change count like any other day. */
function dayTimes(days: number, anchor: number, timezone: string): Times {
  const { HH, mm } = wallTime(anchor, timezone);
  const daily = cronTimes(`${Number(mm)} ${Number(HH)} * * *`, timezone);
  const first = dateNumber(anchor, timezone);
  /** Days since the last date that counts. */
  const past = (time: number) => (((dateNumber(time, timezone) - first) % days) + days) % days;
  return {
    after(time) {
      const next = daily.after(time);
      if (next === undefined || past(next) === 0) return next;
      // Starts half a day earlier, so that a day of 23 or 25 hours can't make it skip the date.
      return daily.after(next + (days - past(next) - 0.5) * day);
    },
    upTo(time) {
      const last = daily.upTo(time);
      if (last === undefined || past(last) === 0) return last;
      return daily.upTo(last - (past(last) - 0.5) * day);
    },
  };
}

function lengthTimes(length: number, anchor: number): Times {
  const upTo = (time: number) => anchor + Math.floor((time - anchor) / length) * length;
  return { after: (time) => upTo(time) + length, upTo };
}

function intervalTimes(every: IntervalLength, anchor: number, timezone: string): Times {
  if ("days" in every) return dayTimes(every.days, anchor, timezone);
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
