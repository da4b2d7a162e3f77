import { createHash } from "node:crypto";
import * as z from "zod";
import { errorOf } from "../pipeline/millrace-error.ts";
import { isTimeZone, wallTime } from "../pipeline/time-zone.ts";
import { nextTimeOf, type Timetable } from "../pipeline/timetable.ts";

/** The range or rhythm of a backfill is impossible; nothing was started. */
export class BackfillError extends errorOf("BACKFILL_INVALID") {}

/** How often a backfill runs a pipeline between its dates. */
export const rhythms = ["hour", "day", "week", "month"] as const;
export type Rhythm = (typeof rhythms)[number];

const date = z.iso.date();
const moment = z.iso.datetime({ offset: true });
const day = 86_400_000;

/**
 * The moment of a date or a time; for a date, its first moment in the time zone.
 *
 * @throws BackfillError for anything else
 */
export function momentOf(field: string, text: string, timezone: string): Date {
  if (!isTimeZone(timezone)) {
    throw new BackfillError(`timezone is "${timezone}", which is unknown`, {
      remedy: "Use a name such as Europe/Berlin.",
    });
  }
  if (moment.safeParse(text).success) return new Date(text);
  if (!date.safeParse(text).success) {
    throw new BackfillError(
      `${field} is "${text}"; it takes a date such as 2021-04-01, or a time such as 2021-04-01T03:00:00Z`,
    );
  }
  const [, month, dayOfMonth] = text.split("-").map(Number);
  const midnight = { kind: "cron", expression: `0 0 ${dayOfMonth} ${month} *`, timezone } as const;
  // No time zone is a whole day away from UTC.
  const found = nextTimeOf(midnight, new Date(Date.parse(text) - day), { timezone });
  if (found === undefined) throw new BackfillError(`${field} is "${text}", which does not exist`);
  return found;
}

/**
 * The times of a rhythm, counted from a first time: at the same minute, hour, weekday or day of the month, on the wall
 * clock of the time zone.
 *
 * @throws BackfillError if some months don't have that day
 */
export function timetableOf(every: Rhythm, from: Date, timezone: string): Timetable {
  if (from.getTime() % 60_000 !== 0)
    throw new BackfillError("from has seconds", { remedy: "Use a time of whole minutes." });
  const { yyyy, MM, dd, HH, mm } = wallTime(from.getTime(), timezone);
  const [minute, hour, dayOfMonth] = [mm, HH, dd].map(Number);
  if (every === "month" && Number(dayOfMonth) > 28) {
    throw new BackfillError(`from is on day ${dayOfMonth}, which some months do not have`, {
      remedy: "Begin on day 1 to 28, or use a schedule.",
    });
  }
  const weekday = new Date(`${yyyy}-${MM}-${dd}T00:00:00Z`).getUTCDay();
  const expression: Record<Rhythm, string> = {
    hour: `${minute} * * * *`,
    day: `${minute} ${hour} * * *`,
    week: `${minute} ${hour} * * ${weekday}`,
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
