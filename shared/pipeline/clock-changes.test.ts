import fc from "fast-check";
import {
  anyCron,
  anyUnusualDay,
  around,
  changeAround,
  clockText,
  cronText,
  naiveCronTimes,
  naiveTimes,
  type UnusualDay,
} from "../../test/clocks/naive-times.ts";
import { cron, interval } from "./schedule-trigger.ts";
import { lastTimeOf, nextTimeOf, type Timetable, timesFrom } from "./timetable.ts";

const stage = { timezone: "UTC" };
const minute = 60_000;
const day = 24 * 60 * minute;

const anyDayAndCron = anyUnusualDay.chain((unusual) => fc.tuple(fc.constant(unusual), anyCron(unusual.date)));
/** Milliseconds from a change to a moment near it. */
const anyDistance = fc.integer({ min: -180 * minute, max: 180 * minute });

const texts = (times: readonly (Date | number)[]) => times.map((time) => new Date(time).toISOString());

/** Expects the times around a day, and the next and the last of them at a distance from the change. */
function expectTimes(timetable: Timetable, unusual: UnusualDay, distance: number, expected: number[]) {
  const { start, end } = around(unusual);
  const found = timesFrom(timetable, start, stage, { before: end, max: 10_000 });
  expect(texts(found).join(" ")).toBe(texts(expected).join(" "));
  const moment = changeAround(unusual) + distance;
  for (const at of [moment, Math.floor(moment / minute) * minute]) {
    const next = expected.find((time) => time > at);
    const last = expected.findLast((time) => time <= at);
    if (next !== undefined) expect(nextTimeOf(timetable, new Date(at), stage)).toEqual(new Date(next));
    if (last !== undefined) expect(lastTimeOf(timetable, new Date(at), stage)).toEqual(new Date(last));
  }
}

describe("times around clock changes", () => {
  it("of a cron expression are those that a check of the clock in every minute finds", () => {
    fc.assert(
      fc.property(anyDayAndCron, anyDistance, ([unusual, fields], distance) => {
        const timetable = cron(cronText(fields), { timezone: unusual.timezone });
        expectTimes(timetable, unusual, distance, naiveCronTimes(unusual, fields));
      }),
    );
  });

  it("of an interval of days include each date's time once", () => {
    const anyShift = fc.integer({ min: -4 * 24 * 60, max: 4 * 24 * 60 });
    fc.assert(
      fc.property(
        anyUnusualDay,
        anyShift,
        fc.integer({ min: 1, max: 3 }),
        anyDistance,
        (unusual, shift, days, distance) => {
          const { timezone, date } = unusual;
          const anchor = Date.parse(date) + 100 * day * days + shift * minute;
          const [anchorDate = "", anchorTime = ""] = clockText(timezone)(anchor).split(" ");
          const isWanted = (wall: string) => {
            const [on = "", time = ""] = wall.split(" ");
            return time === anchorTime && ((Date.parse(anchorDate) - Date.parse(on)) / day) % days === 0;
          };
          const timetable = interval({ every: { days }, anchor: new Date(anchor).toISOString(), timezone });
          expectTimes(timetable, unusual, distance, naiveTimes(unusual, isWanted, { wheneverShown: false }));
        },
      ),
    );
  });
});

test.each<[string, string, string, string[]]>([
  // A list of minutes or hours around a skipped or repeated hour.
  ["0,30 2 * * *", "Europe/Berlin", "2021-03-27T12:00Z", ["03-28T01:00", "03-29T00:00", "03-29T00:30"]],
  ["0,30 2 * * *", "Europe/Berlin", "2021-10-30T12:00Z", ["10-31T00:00", "10-31T00:30", "11-01T01:00"]],
  ["30 2,14 * * *", "Europe/Berlin", "2021-03-28T00:00Z", ["03-28T01:00", "03-28T12:30", "03-29T00:30"]],
  ["30 2,14 * * *", "Europe/Berlin", "2021-10-31T00:00Z", ["10-31T00:30", "10-31T13:30", "11-01T01:30"]],
  ["*/30 2 * * *", "Europe/Berlin", "2021-03-28T00:00Z", ["03-28T01:00", "03-29T00:00", "03-29T00:30"]],
  ["*/30 2 * * *", "Europe/Berlin", "2021-10-31T00:00Z", ["10-31T00:00", "10-31T00:30", "11-01T01:00"]],
  // A skipped time and the one at the change are one run.
  ["30 2,3 * * *", "Europe/Berlin", "2021-03-28T00:00Z", ["03-28T01:00", "03-28T01:30", "03-29T00:30"]],
  ["0 2,3 * * *", "Europe/Berlin", "2021-03-28T00:00Z", ["03-28T01:00", "03-29T00:00", "03-29T01:00"]],
  // Every two hours names times of the day.
  ["0 */2 * * *", "Europe/Berlin", "2021-10-30T22:00Z", ["10-30T22:00", "10-31T00:00", "10-31T03:00"]],
  ["0 */2 * * *", "Africa/Cairo", "2025-04-24T19:10Z", ["04-24T20:00", "04-24T22:00", "04-24T23:00"]],
  ["30 2-22/4 * * *", "Australia/Sydney", "2019-10-05T15:00Z", ["10-05T16:00", "10-05T19:30", "10-05T23:30"]],
  // A whole day, and half an hour.
  ["0 12 * * *", "Pacific/Apia", "2011-12-29T12:00Z", ["12-29T22:00", "12-30T10:00", "12-30T22:00"]],
  ["45 1 * * *", "Australia/Lord_Howe", "2020-04-04T13:00Z", ["04-04T14:45", "04-05T15:15", "04-06T15:15"]],
  ["15 2 * * *", "Australia/Lord_Howe", "2021-10-02T13:00Z", ["10-02T15:30", "10-03T15:15", "10-04T15:15"]],
  // Every hour or minute goes on through repeated hours.
  ["* * * * *", "Australia/Sydney", "2018-03-31T15:59Z", ["03-31T15:59", "03-31T16:00", "03-31T16:01"]],
  ["0 0-11,12-23 * * *", "Europe/Berlin", "2021-10-31T00:00Z", ["10-31T00:00", "10-31T01:00", "10-31T02:00"]],
  ["30 * * * *", "Europe/Berlin", "2021-03-28T00:00Z", ["03-28T00:30", "03-28T01:30", "03-28T02:30"]],
  ["@hourly", "Europe/Dublin", "2025-03-29T22:30Z", ["03-29T23:00", "03-30T00:00", "03-30T01:00"]],
  // Times that exist on a day with a change.
  ["0 1 4 11 *", "America/Sao_Paulo", "2018-11-04T02:00Z", ["11-04T03:00", "11-04T04:00", "11-04T04:00"]],
  ["0 0 * * *", "Europe/Prague", "2026-03-28T23:30Z", ["03-29T22:00", "03-30T22:00", "03-31T22:00"]],
  ["0 8 * * 0", "America/Chicago", "2026-03-08T05:45Z", ["03-08T13:00", "03-15T13:00", "03-22T13:00"]],
  ["0 7,9 * * *", "America/Los_Angeles", "2020-03-07T18:00Z", ["03-08T14:00", "03-08T16:00", "03-09T14:00"]],
])("%s in %s from %s has the times that people expect", (expression, timezone, from, times) => {
  const found = timesFrom(cron(expression, { timezone }), new Date(from), stage, { max: 3 });
  expect(found.map((time) => time.toISOString().slice(5, 16))).toEqual(times);
});

test.each([
  ["0 2 * * *", "America/New_York", "2020-03-08T07:01Z", "2020-03-08T07:00Z"],
  ["0 1 * * *", "America/New_York", "2024-11-03T05:30Z", "2024-11-03T05:00Z"],
  ["0 1 * * *", "America/New_York", "2024-11-03T06:30Z", "2024-11-03T05:00Z"],
  ["30 * * * *", "America/New_York", "2024-11-03T06:15Z", "2024-11-03T05:30Z"],
])("the last time of %s in %s at %s is %s", (expression, timezone, at, last) => {
  expect(lastTimeOf(cron(expression, { timezone }), new Date(at), stage)).toEqual(new Date(last));
});

// 1 November 2021 was a Monday.
test.each([
  ["0 0 1,3 * 1", ["11-01", "11-03", "11-08", "11-15"]],
  ["0 0 */2 * 1", ["11-01", "11-15", "11-29", "12-13"]],
  ["0 0 *,3 * 1", ["11-01", "11-08", "11-15", "11-22"]],
  ["0 0 13 * */4", ["01-13", "02-13", "03-13", "10-13"]],
  ["0 0 3 * *", ["11-03", "12-03", "01-03", "02-03"]],
  ["0 0 * * 1", ["11-01", "11-08", "11-15", "11-22"]],
])(
  "%s requires both days, as in crontab(5), if one of its day fields begins with a star",
  (expression, dates) => {
    const timetable = cron(expression, { timezone: "UTC" });
    const found = timesFrom(timetable, new Date("2021-11-01"), stage, { max: 4 });
    expect(found.map((time) => time.toISOString().slice(5, 10))).toEqual(dates);
  },
);
