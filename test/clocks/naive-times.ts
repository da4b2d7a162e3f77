import fc from "fast-check";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Days around which clocks do something unusual: zone, date in UTC, and what happens there. */
const unusualDays = [
  ["Europe/Berlin", "2021-03-28", "skip 02:00 to 03:00"],
  ["Europe/Berlin", "2021-10-31", "repeat 02:00 to 03:00"],
  ["America/Santiago", "2021-09-05", "skip the first hour of the day"],
  ["America/Santiago", "2021-04-04", "repeat the last hour of the day before"],
  ["Asia/Beirut", "2021-03-28", "skip the first hour of the day"],
  ["Asia/Beirut", "2021-10-30", "repeat the last hour of the day"],
  ["Africa/Cairo", "2024-04-25", "skip the first hour of the next day"],
  ["Africa/Cairo", "2014-09-25", "repeat an hour, in the fourth change of the year"],
  ["America/Havana", "2021-03-14", "skip the first hour of the day"],
  ["America/Havana", "2021-11-07", "repeat the first hour of the day"],
  ["Australia/Lord_Howe", "2021-10-02", "skip 02:00 to 02:30"],
  ["Australia/Lord_Howe", "2021-04-03", "repeat 01:30 to 02:00"],
  ["America/St_Johns", "2006-04-02", "skip 00:01 to 01:01"],
  ["America/St_Johns", "2006-10-29", "repeat 23:01 to 00:01"],
  ["Asia/Pyongyang", "2018-05-04", "skip the last half hour of the day"],
  ["Asia/Kathmandu", "1985-12-31", "skip a quarter of an hour"],
  ["Pacific/Apia", "2011-12-30", "skip a whole day"],
  ["Europe/Dublin", "2021-03-28", "have summer time as standard time"],
  ["Europe/Dublin", "2021-10-31", "have winter time as daylight saving time"],
  ["Africa/Casablanca", "2021-04-11", "go back for Ramadan"],
  ["Africa/Casablanca", "2021-05-16", "go forward after Ramadan"],
  ["Antarctica/Casey", "2010-03-04", "repeat three hours"],
  ["Antarctica/Troll", "2021-03-28", "skip two hours"],
  ["Asia/Kolkata", "2021-06-01", "have half an hour in their offset"],
] as const;

/** One of the days on which clocks do something unusual. */
export type UnusualDay = { readonly timezone: string; readonly date: string };

export const anyUnusualDay: fc.Arbitrary<UnusualDay> = fc
  .constantFrom(...unusualDays)
  .map(([timezone, date]) => ({ timezone, date }));

/** From half a day before the day until a day after it. */
export function around({ date }: UnusualDay): { readonly start: Date; readonly end: Date } {
  const start = Date.parse(date) - 12 * hour;
  return { start: new Date(start), end: new Date(start + 60 * hour) };
}

const known = new Map<string, ReadonlyMap<string, readonly number[]>>();

/**
 * What clocks show in each minute around a day and in a day more at both ends: wall times as `2021-03-28 03:00`, each
 * with all minutes that show it, in epoch milliseconds. Asks Intl for every minute.
 */
function everyMinute(unusual: UnusualDay): ReadonlyMap<string, readonly number[]> {
  const key = Object.values(unusual).join(" ");
  const before = known.get(key);
  if (before !== undefined) return before;
  const { start, end } = around(unusual);
  const shown = new Map<string, number[]>();
  const text = clockText(unusual.timezone);
  for (let moment = start.getTime() - day; moment < end.getTime() + day; moment += minute) {
    const wall = text(moment);
    shown.set(wall, [...(shown.get(wall) ?? []), moment]);
  }
  known.set(key, shown);
  return shown;
}

/** The first minute in which clocks don't show a minute more than before; the start of the day if they always do. */
export function changeAround(unusual: UnusualDay): number {
  const minutes = [...everyMinute(unusual)].flatMap(([wall, moments]) =>
    moments.map((moment) => ({ moment, offset: Date.parse(`${wall}Z`) - moment })),
  );
  minutes.sort((a, b) => a.moment - b.moment);
  const change = minutes.find(({ offset }) => offset !== minutes[0]?.offset);
  return change?.moment ?? Date.parse(unusual.date);
}

/** What clocks of a time zone show, as `2021-03-28 03:00`. */
export function clockText(timezone: string): (moment: number) => string {
  // Swedish dates are as in ISO 8601, so they sort as text.
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return (moment) => format.format(moment);
}

/** A field of a cron expression: its text, and the numbers that it names. */
type Field = { readonly text: string; readonly values: ReadonlySet<number> };

function field(least: number, most: number, likely: readonly number[]): fc.Arbitrary<Field> {
  const number = fc.oneof(fc.constantFrom(...likely), fc.integer({ min: least, max: most }));
  const numbers = (from: number, to: number, step = 1) => {
    const values = new Set<number>();
    for (let value = from; value <= to; value += step) values.add(value);
    return values;
  };
  const star = fc.constant({ text: "*", values: numbers(least, most) });
  const stepped = fc
    .integer({ min: 2, max: Math.min(12, most - least) })
    .map((step) => ({ text: `*/${step}`, values: numbers(least, most, step) }));
  const single = number.map((value) => ({ text: `${value}`, values: numbers(value, value) }));
  const range = fc.tuple(number, number).map(([one, other]) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    return { text: `${from}-${to}`, values: numbers(from, to), from, to };
  });
  const steppedRange = fc.tuple(range, fc.integer({ min: 1, max: 4 })).map(([{ text, from, to }, step]) => {
    return { text: `${text}/${step}`, values: numbers(from, to, step) };
  });
  const list = fc
    .array(fc.oneof(single, range, steppedRange), { minLength: 2, maxLength: 3 })
    .map((parts) => ({
      text: parts.map(({ text }) => text).join(","),
      values: new Set(parts.flatMap(({ values }) => [...values])),
    }));
  return fc.oneof(star, stepped, single, range, steppedRange, list);
}

/** The five fields of a cron expression. */
export type CronFields = {
  readonly minute: Field;
  readonly hour: Field;
  readonly dayOfMonth: Field;
  readonly month: Field;
  readonly weekday: Field;
};

/** Any expression, with dates that are often near the given one. */
export function anyCron(date: string): fc.Arbitrary<CronFields> {
  const at = Date.parse(date);
  const dates = [-1, 0, 1, 2].map((days) => new Date(at + days * day));
  const star = fc.constant({ text: "*", values: new Set(Array.from({ length: 32 }, (_, value) => value)) });
  const weekday = field(0, 6, [0]);
  return fc.record({
    minute: field(0, 59, [0, 1, 15, 30, 45, 59]),
    hour: field(0, 23, [0, 1, 2, 3, 22, 23]),
    dayOfMonth: fc.oneof(
      star,
      field(
        1,
        31,
        dates.map((each) => each.getUTCDate()),
      ),
    ),
    month: fc.oneof(
      star,
      field(
        1,
        12,
        dates.map((each) => each.getUTCMonth() + 1),
      ),
    ),
    weekday: fc.oneof(star, weekday),
  });
}

/** The expression as one writes it. */
export function cronText({ minute, hour, dayOfMonth, month, weekday }: CronFields): string {
  return [minute, hour, dayOfMonth, month, weekday].map(({ text }) => text).join(" ");
}

function isNamed(wall: string, fields: CronFields): boolean {
  const [year = 0, month = 0, date = 0, hours = 0, minutes = 0] = wall.split(/\D/).map(Number);
  const dayOfMonth = fields.dayOfMonth.values.has(date);
  const weekday = fields.weekday.values.has(new Date(Date.UTC(year, month - 1, date)).getUTCDay());
  const both = [fields.dayOfMonth, fields.weekday].some(({ text }) => text.startsWith("*"));
  return (
    fields.minute.values.has(minutes) &&
    fields.hour.values.has(hours) &&
    fields.month.values.has(month) &&
    (both ? dayOfMonth && weekday : dayOfMonth || weekday)
  );
}

/** All wall times of the calendar in some days, also those that clocks skip. */
function* calendar(shown: ReadonlyMap<string, readonly number[]>): Generator<string> {
  const [first = "", last = ""] = [shown.keys().next().value, [...shown.keys()].at(-1)];
  for (let wall = Date.parse(`${first}Z`); wall < Date.parse(`${last}Z`); wall += minute) {
    yield new Date(wall).toISOString().slice(0, 16).replace("T", " ");
  }
}

/** The moments at which wall times run, by the rules as the documentation has them, one minute after the other. */
export function naiveTimes(
  unusual: UnusualDay,
  isWanted: (wall: string) => boolean,
  { wheneverShown }: { wheneverShown: boolean },
): number[] {
  const shown = everyMinute(unusual);
  const { start, end } = around(unusual);
  const inOrder = [...shown];
  const moments = new Set<number>();
  for (const wall of calendar(shown)) {
    if (!isWanted(wall)) continue;
    const at = shown.get(wall);
    if (at !== undefined) {
      for (const moment of wheneverShown ? at : at.slice(0, 1)) moments.add(moment);
    } else if (!wheneverShown) {
      // Clocks skip it: the first minute that shows a later wall time is that of the change.
      const later = inOrder.find(([text]) => text > wall)?.[1][0];
      if (later !== undefined) moments.add(later);
    }
  }
  return [...moments]
    .filter((moment) => moment >= start.getTime() && moment < end.getTime())
    .sort((a, b) => a - b);
}

/** The moments at which a cron expression runs. */
export function naiveCronTimes(unusual: UnusualDay, fields: CronFields): number[] {
  return naiveTimes(unusual, (wall) => isNamed(wall, fields), {
    wheneverShown: fields.hour.values.size === 24,
  });
}
