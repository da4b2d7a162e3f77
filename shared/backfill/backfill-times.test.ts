import { timesFrom } from "../pipeline/timetable.ts";
import { BackfillError, type BackfillInterval, momentOf, timetableOf } from "./backfill-times.ts";

const berlin = "Europe/Berlin";

test.each([
  ["2021-04-01", "UTC", "2021-04-01T00:00:00.000Z"],
  ["2021-04-01", berlin, "2021-03-31T22:00:00.000Z"],
  ["2021-01-01", berlin, "2020-12-31T23:00:00.000Z"],
  ["2024-02-29", "Pacific/Kiritimati", "2024-02-28T10:00:00.000Z"],
  ["2021-01-01", "Pacific/Pago_Pago", "2021-01-01T11:00:00.000Z"],
  // The clocks of São Paulo skipped the first hour of this day.
  ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
  ["2021-04-01T03:00:00+02:00", "UTC", "2021-04-01T01:00:00.000Z"],
])("the date %s in %s begins at %s", (text, timezone, begins) => {
  expect(momentOf("from", text, timezone).toISOString()).toBe(begins);
});

test.each([
  ["2021-13-01", "UTC", 'from is "2021-13-01"; it takes a date'],
  ["2021-02-30", "UTC", 'from is "2021-02-30"; it takes a date'],
  ["2021-04-01T03:00:00", "UTC", "it takes a date"],
  ["2021-04-01", "Europe/Atlantis", 'timezone "Europe/Atlantis" is not known'],
])("%s in %s is refused", (text, timezone, message) => {
  expect(() => momentOf("from", text, timezone)).toThrow(BackfillError);
  expect(() => momentOf("from", text, timezone)).toThrow(message);
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
])("every %s keeps what the wall clock shows, also when clocks change", (every, from, times) => {
  const timetable = timetableOf(every, new Date(from), berlin);
  const found = timesFrom(timetable, new Date(from), { timezone: "UTC" }, { max: 5 });
  expect(found.map((time) => time.toISOString().slice(5, 16))).toEqual(times);
});

test("a month from a day that not every month has is refused", () => {
  expect(() => timetableOf("month", new Date("2021-01-31T00:00:00Z"), "UTC")).toThrow("from is on day 31");
  expect(() => timetableOf("day", new Date("2021-01-31T00:00:01Z"), "UTC")).toThrow("from has seconds");
});
