import fc from "fast-check";
import {
  anyCron,
  anyUnusualDay,
  around,
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
const anyMillisecond = fc.integer({ min: 0, max: 2.5 * day - 1 });

const texts = (times: readonly (Date | number)[]) => times.map((time) => new Date(time).toISOString());

/** Expects the times around a day, and the next and the last of them at a moment and in its minute. */
function expectTimes(timetable: Timetable, unusual: UnusualDay, after: number, expected: number[]) {
  const { start, end } = around(unusual);
  const found = timesFrom(timetable, start, stage, { before: end, most: 10_000 });
  expect(texts(found).join(" ")).toBe(texts(expected).join(" "));
  const moment = start.getTime() + after;
  for (const at of [moment, Math.floor(moment / minute) * minute]) {
    const next = expected.find((time) => time > at);
    const last = expected.findLast((time) => time <= at);
    if (next !== undefined) expect(nextTimeOf(timetable, new Date(at), stage)).toEqual(new Date(next));
    if (last !== undefined) expect(lastTimeOf(timetable, new Date(at), stage)).toEqual(new Date(last));
  }
}

describe("around days on which clocks change", () => {
  it("a cron expression names the times that a look at the clock in every minute finds", () => {
    fc.assert(
      fc.property(anyDayAndCron, anyMillisecond, ([unusual, fields], after) => {
        const timetable = cron(cronText(fields), { timezone: unusual.timezone });
        expectTimes(timetable, unusual, after, naiveCronTimes(unusual, fields));
      }),
    );
  });

  it("an interval of days names each date's time once", () => {
    const anyShift = fc.integer({ min: -4 * 24 * 60, max: 4 * 24 * 60 });
    fc.assert(
      fc.property(
        anyUnusualDay,
        anyShift,
        fc.integer({ min: 1, max: 3 }),
        anyMillisecond,
        (unusual, shift, days, after) => {
          const { timezone, date } = unusual;
          const anchor = Date.parse(date) + 100 * day * days + shift * minute;
          const [anchorDate = "", anchorTime = ""] = clockText(timezone)(anchor).split(" ");
          const isWanted = (wall: string) => {
            const [on = "", time = ""] = wall.split(" ");
            return time === anchorTime && ((Date.parse(anchorDate) - Date.parse(on)) / day) % days === 0;
          };
          const timetable = interval({ every: { days }, anchor: new Date(anchor).toISOString(), timezone });
          expectTimes(timetable, unusual, after, naiveTimes(unusual, isWanted, { wheneverShown: false }));
        },
      ),
    );
  });
});
