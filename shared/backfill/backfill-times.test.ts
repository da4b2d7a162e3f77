import fc from "fast-check";
import { anyUnusualDay, around, clockText, naiveTimes } from "../../test/clocks/naive-times.ts";
import { timesFrom } from "../pipeline/timetable.ts";
import {
  BackfillError,
  type BackfillInterval,
  backfillIntervals,
  boundOf,
  timetableOf,
} from "./backfill-times.ts";

const berlin = "Europe/Berlin";

test.each([
  ["2021-04-01", "UTC", "2021-04-01T00:00:00.000Z"],
  ["2021-04-01", berlin, "2021-03-31T22:00:00.000Z"],
  ["2021-01-01", berlin, "2020-12-31T23:00:00.000Z"],
  ["2024-02-29", "Pacific/Kiritimati", "2024-02-28T10:00:00.000Z"],
  ["2021-01-01", "Pacific/Pago_Pago", "2021-01-01T11:00:00.000Z"],
  // The clocks of São Paulo skipped the first hour of this day.
  ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
  // Midnight came twice in Havana. Samoa skipped the whole day.
  ["2021-11-07", "America/Havana", "2021-11-07T04:00:00.000Z"],
  ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
  ["2021-04-01T03:00:00+02:00", "UTC", "2021-04-01T01:00:00.000Z"],
])("the date %s in %s begins at %s", (text, timezone, begins) => {
  expect(boundOf("from", text, timezone).at.toISOString()).toBe(begins);
});

test.each([
  ["2021-13-01", "UTC", 'from is "2021-13-01"; it takes a date'],
  ["2021-02-30", "UTC", 'from is "2021-02-30"; it takes a date'],
  ["2021-04-01T03:00:00", "UTC", "it takes a date"],
  ["2021-04-01", "Europe/Atlantis", 'timezone is "Europe/Atlantis", which is unknown'],
])("%s in %s is refused", (text, timezone, message) => {
  expect(() => boundOf("from", text, timezone)).toThrow(BackfillError);
  expect(() => boundOf("from", text, timezone)).toThrow(message);
});

test.each<[BackfillInterval, string, string[]]>([
  [
    "hour",
    "2021-10-30T22:30:00Z",
    ["10-30T22:30", "10-30T23:30", "10-31T00:30", "10-31T01:30", "10-31T02:30"],
  ],
  [
    "day",
    "2021-10-29T22:00:00Z",
    ["10-29T22:00", "10-30T22:00", "10-31T23:00", "11-01T23:00", "11-02T23:00"],
  ],
  [
    "week",
    "2021-10-20T07:00:00Z",
    ["10-20T07:00", "10-27T07:00", "11-03T08:00", "11-10T08:00", "11-17T08:00"],
  ],
  [
    "month",
    "2021-08-31T22:00:00Z",
    ["08-31T22:00", "09-30T22:00", "10-31T23:00", "11-30T23:00", "12-31T23:00"],
  ],
])("every %s keeps the time on the clock when clocks change", (every, from, times) => {
  const timetable = timetableOf(every, boundOf("from", from, berlin), berlin);
  const found = timesFrom(timetable, new Date(from), { timezone: "UTC" }, { max: 5 });
  expect(found.map((time) => time.toISOString().slice(5, 16))).toEqual(times);
});

test.each<[BackfillInterval, string, string, string[]]>([
  ["day", "America/Santiago", "2021-09-05", ["09-05T04:00", "09-06T03:00", "09-07T03:00"]],
  ["day", "Asia/Beirut", "2021-03-28", ["03-27T22:00", "03-28T21:00", "03-29T21:00"]],
  ["day", "Africa/Cairo", "2024-04-26", ["04-25T22:00", "04-26T21:00", "04-27T21:00"]],
  ["day", "America/Havana", "2021-03-14", ["03-14T05:00", "03-15T04:00", "03-16T04:00"]],
  ["week", "America/Santiago", "2021-09-05", ["09-05T04:00", "09-12T03:00", "09-19T03:00"]],
  ["month", "America/Sao_Paulo", "2018-11-04", ["11-04T03:00", "12-04T02:00", "01-04T02:00"]],
  ["hour", "America/Havana", "2021-03-14", ["03-14T05:00", "03-14T06:00", "03-14T07:00"]],
])(
  "every %s in %s from %s, when clocks skip midnight, begins at the change and continues at midnight",
  (...row) => {
    const [every, timezone, date, times] = row;
    const from = boundOf("from", date, timezone);
    const found = timesFrom(timetableOf(every, from, timezone), from.at, { timezone }, { max: 3 });
    expect(found.map((time) => time.toISOString().slice(5, 16))).toEqual(times);
  },
);

test("an interval from a date has the times that a check of the clock in every minute finds", () => {
  const anyDaysBefore = fc.integer({ min: -1, max: 20 });
  fc.assert(
    fc.property(
      anyUnusualDay,
      fc.constantFrom(...backfillIntervals),
      anyDaysBefore,
      (unusual, every, before) => {
        const { timezone } = unusual;
        const date = new Date(Date.parse(unusual.date) - before * 86_400_000).toISOString().slice(0, 10);
        fc.pre(every !== "month" || Number(date.slice(8)) <= 28);
        const from = boundOf("from", date, timezone);
        const daysSince = (on: string) => (Date.parse(on) - Date.parse(date)) / 86_400_000;
        const isDue: Record<BackfillInterval, (on: string) => boolean> = {
          // Where clocks go back over midnight, an hour of the day before comes after the date's first moment.
          hour: () => true,
          day: (on) => daysSince(on) >= 0,
          week: (on) => daysSince(on) >= 0 && daysSince(on) % 7 === 0,
          month: (on) => daysSince(on) >= 0 && on.slice(8) === date.slice(8),
        };
        const isWanted = (wall: string) => {
          const [on = "", time = ""] = wall.split(" ");
          return (
            isDue[every](on) && time.slice(every === "hour" ? 3 : 0) === (every === "hour" ? "00" : "00:00")
          );
        };
        const expected = naiveTimes(unusual, isWanted, { wheneverShown: every === "hour" });
        const { start, end } = around(unusual);
        const since = new Date(Math.max(start.getTime(), from.at.getTime()));
        const bounds = { before: end, max: 1000 };
        const found = timesFrom(timetableOf(every, from, timezone), since, { timezone }, bounds);
        expect(found.map((time) => time.getTime())).toEqual(
          expected.filter((time) => time >= since.getTime()),
        );
        expect(clockText(timezone)(from.at.getTime()) >= `${date} 00:00`).toBe(true);
      },
    ),
    { examples: [[{ timezone: "Antarctica/Casey", date: "2010-03-04" }, "hour", -1]] },
  );
});

test("a month from a day that not every month has is refused", () => {
  const from = (text: string) => boundOf("from", text, "UTC");
  expect(() => timetableOf("month", from("2021-01-31"), "UTC")).toThrow("from is on day 31");
  expect(() => timetableOf("day", from("2021-01-31T00:00:01Z"), "UTC")).toThrow("from has seconds");
});
