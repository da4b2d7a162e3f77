import fc from "fast-check";
import { cron, interval } from "./schedule-trigger.ts";
import { lastTimeOf, nextTimeOf, type Timetable, timesFrom, timetableText } from "./timetable.ts";

const stage = { timezone: "Europe/Berlin" };

function first(timetable: Timetable, from: string, count: number): string[] {
  const times = timesFrom(timetable, new Date(from), stage, { max: count });
  return times.map((time) => time.toISOString().slice(0, 16));
}

describe("when clocks go forward", () => {
  // In Berlin, 28 March 2021 has no time from 02:00 to 03:00: that hour would begin at 01:00 UTC.
  it("a time that doesn't exist moves to the change, once", () => {
    expect(first(cron("30 2 * * *"), "2021-03-27T12:00:00Z", 2)).toEqual([
      "2021-03-28T01:00",
      "2021-03-29T00:30",
    ]);
  });

  it("an hourly schedule misses no hour and repeats none", () => {
    expect(first(cron("0 * * * *"), "2021-03-28T00:00:00Z", 3)).toEqual([
      "2021-03-28T00:00",
      "2021-03-28T01:00",
      "2021-03-28T02:00",
    ]);
  });
});

describe("when clocks go back", () => {
  // In Berlin, 31 October 2021 has the hour from 02:00 to 03:00 twice: from 00:00 and from 01:00 UTC.
  it("a time that occurs twice counts the first time only", () => {
    expect(first(cron("30 2 * * *"), "2021-10-31T00:00:00Z", 2)).toEqual([
      "2021-10-31T00:30",
      "2021-11-01T01:30",
    ]);
  });

  it("a schedule by the minute continues through both hours", () => {
    expect(first(cron("*/30 * * * *"), "2021-10-31T00:00:00Z", 4)).toEqual([
      "2021-10-31T00:00",
      "2021-10-31T00:30",
      "2021-10-31T01:00",
      "2021-10-31T01:30",
    ]);
  });
});

describe("an interval", () => {
  it("of minutes or hours counts from its anchor, whatever clocks show", () => {
    const every = interval({ every: { hours: 12 }, anchor: "2021-03-27T09:00:00+01:00" });
    expect(first(every, "2021-03-27T09:00:00Z", 3)).toEqual([
      "2021-03-27T20:00",
      "2021-03-28T08:00",
      "2021-03-28T20:00",
    ]);
    expect(first(interval({ every: { minutes: 7 } }), "1970-01-01T00:01:00Z", 2)).toEqual([
      "1970-01-01T00:07",
      "1970-01-01T00:14",
    ]);
  });

  it.each([
    ["forward", "2021-03-20T09:00:00+01:00", ["2021-03-20T08:00", "2021-03-27T08:00", "2021-04-03T07:00"]],
    ["back", "2021-10-23T09:00:00+02:00", ["2021-10-23T07:00", "2021-10-30T07:00", "2021-11-06T08:00"]],
  ])("of days keeps the time on the clock when clocks go %s", (_, anchor, times) => {
    expect(first(interval({ every: { days: 7 }, anchor }), anchor, 3)).toEqual(times);
  });

  it("of days moves to the change on a day without its time", () => {
    const nightly = interval({ every: { days: 2 }, anchor: "2021-03-26T02:30:00+01:00" });
    expect(first(nightly, "2021-03-26T12:00:00Z", 2)).toEqual(["2021-03-28T01:00", "2021-03-30T00:30"]);
  });

  it("counts from its anchor backwards too", () => {
    const weekly = interval({ every: { days: 7 }, anchor: "2021-10-23T09:00:00+02:00" });
    expect(first(weekly, "2021-10-01T00:00:00Z", 2)).toEqual(["2021-10-02T07:00", "2021-10-09T07:00"]);
  });
});

describe("the last time", () => {
  it.each<[string, Timetable]>([
    ["cron by the minute", cron("*/20 * * * *")],
    ["cron at night", cron("30 2 * * *")],
    ["hours", interval({ every: { hours: 5 } })],
    ["days", interval({ every: { days: 3 }, anchor: "2021-10-20T02:30:00+02:00" })],
  ])("of %s is the one before the next, or the time itself", (_, timetable) => {
    for (const month of ["2021-03-26", "2021-10-29"]) {
      const times = timesFrom(timetable, new Date(`${month}T00:00:00Z`), stage, { max: 30 });
      for (const [place, time] of times.entries()) {
        expect(lastTimeOf(timetable, time, stage)).toEqual(time);
        const before = new Date(time.getTime() - 1);
        if (place > 0) expect(lastTimeOf(timetable, before, stage)).toEqual(times[place - 1]);
      }
    }
  });

  it("and the next are before the end, which is excluded", () => {
    const ending = cron("0 3 * * *", { timezone: "UTC", end: "2021-10-04T03:00:00Z" });
    const before = new Date("2021-10-03T03:00:00Z");
    expect(nextTimeOf(ending, new Date("2021-10-03T02:00:00Z"), stage)).toEqual(before);
    expect(nextTimeOf(ending, before, stage)).toBeUndefined();
    expect(lastTimeOf(ending, new Date("2030-01-01T00:00:00Z"), stage)).toEqual(before);
  });
});

test.each<[Timetable, string]>([
  [cron("0 3 * * *"), "cron 0 3 * * * in Europe/Berlin"],
  [
    cron("0 3 * * *", { timezone: "UTC", end: "2022-01-01T00:00:00Z" }),
    "cron 0 3 * * * in UTC, before 2022-01-01T00:00:00Z",
  ],
  [interval({ every: { days: 1 } }), "every day from 1970-01-01T00:00:00Z in Europe/Berlin"],
  [
    interval({ every: { minutes: 15 }, timezone: "UTC" }),
    "every 15 minutes from 1970-01-01T00:00:00Z in UTC",
  ],
])("the text of a schedule names everything that its times depend on", (timetable, text) => {
  expect(timetableText(timetable, stage)).toBe(text);
});

it("UTC, which is computed without a calendar, gives the same times as an equal zone with another name", () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min, max }).map(String),
      fc.integer({ min: 2, max: Math.min(6, max) }).map((each) => `*/${each}`),
    );
  const expressions = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    .map((fields) => fields.join(" "));
  const times = fc.date({ min: new Date("1999-12-01"), max: new Date("2037-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(expressions, times, (expression, at) => {
      const [utc, named] = ["UTC", "Etc/UTC"].map((timezone) => cron(expression, { timezone }));
      if (utc === undefined || named === undefined) throw new Error("two were made");
      expect(nextTimeOf(utc, at, stage)).toEqual(nextTimeOf(named, at, stage));
      expect(lastTimeOf(utc, at, stage)).toEqual(lastTimeOf(named, at, stage));
    }),
  );
});
