import { createHash } from "node:crypto";
import * as z from "zod";
import { errorOf } from "../pipeline/millrace-error.ts";
import { isTimeZone } from "../pipeline/time-zone.ts";
import type { Timetable } from "../pipeline/timetable.ts";
import { wallClock } from "../pipeline/wall-clock.ts";

/** The range or rhythm of a backfill is impossible; nothing was started. */
export class BackfillError extends errorOf("BACKFILL_INVALID") {}

/** Maximum number of a backfill's runs under way at once, and the default. */
export const maxConcurrency = 100;
export const usualConcurrency = 4;

/** How often a backfill runs a pipeline between its dates. */
export const backfillIntervals = ["hour", "day", "week", "month"] as const;
export type BackfillInterval = (typeof backfillIntervals)[number];

const date = z.iso.date();
const moment = z.iso.datetime({ offset: true });

/** A bound of a backfill: its moment, and the wall time that its rhythm counts from. */
export type Bound = {
  readonly at: Date;
  /** For a date, its midnight, even if clocks skip it. A number as `WallClock` uses it. */
  readonly wall: number;
};

/**
 * The bound that a date or a time names. The moment of a date is its first moment in the time zone.
 *
 * @throws BackfillError for anything else
 */
export function boundOf(field: string, text: string, timezone: string): Bound {
  if (!isTimeZone(timezone)) {
    throw new BackfillError(`timezone is "${timezone}", which is unknown`, {
      remedy: "Use a name such as Europe/Berlin.",
    });
  }
  const clock = wallClock(timezone);
  if (moment.safeParse(text).success) {
    const at = new Date(text);
    return { at, wall: clock.wallAt(at.getTime()) };
  }
  if (!date.safeParse(text).success) {
    throw new BackfillError(
      `${field} is "${text}"; it takes a date such as 2021-04-01, or a time such as 2021-04-01T03:00:00Z`,
    );
  }
  const wall = Date.parse(text);
  return { at: new Date(clock.momentsOf(wall).first), wall };
}

/**
 * The times of a rhythm, counted from a first time: at the same minute, hour, weekday or day of the month, on the wall
 * clock of the time zone.
 *
 * @throws BackfillError if some months don't have that day
 */
export function timetableOf(every: BackfillInterval, { wall }: Bound, timezone: string): Timetable {
  const from = new Date(wall);
  if (wall % 60_000 !== 0)
    throw new BackfillError("from has seconds", { remedy: "Use a time of whole minutes." });
  const [minute, hour, dayOfMonth] = [from.getUTCMinutes(), from.getUTCHours(), from.getUTCDate()];
  if (every === "month" && dayOfMonth > 28) {
    throw new BackfillError(`from is on day ${dayOfMonth}, which some months do not have`, {
      remedy: "Begin on day 1 to 28, or use a schedule.",
    });
  }
  const expression: Record<BackfillInterval, string> = {
    hour: `${minute} * * * *`,
    day: `${minute} ${hour} * * *`,
    week: `${minute} ${hour} * * ${from.getUTCDay()}`,
    month: `${minute} ${hour} ${dayOfMonth} * *`,
  };
  return { kind: "cron", expression: expression[every], timezone };
}

/** A schedule's times, without its other fields. */
export function timesOfSchedule(trigger: Timetable, timezone: string): Timetable {
  const end = trigger.end === undefined ? {} : { end: trigger.end };
  return trigger.kind === "cron"
    ? { kind: "cron", expression: trigger.expression, timezone, ...end }
    : { kind: "interval", every: trigger.every, anchor: trigger.anchor, timezone, ...end };
}

/** A short hash of a text, in hexadecimal digits. */
export function digest(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}
