import fc from "fast-check";
import * as z from "zod";
import { previewBackfill } from "../../shared/backfill/preview-backfill.ts";
import { cron, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { runSchedules } from "../../shared/schedule/run-schedules.ts";
import { viewSchedules } from "../../shared/schedule/view-schedules.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import {
  anyCron,
  anyUnusualDay,
  around,
  cronText,
  naiveCronTimes,
  type UnusualDay,
} from "../clocks/naive-times.ts";

const minute = 60_000;

function scheduled(expression: string, { timezone }: UnusualDay) {
  const triggers = [cron(expression, { timezone, missed: "all" })];
  return definePipeline({ name: "clocked", params: z.strictObject({}), triggers }, ({ step }) =>
    step(
      "only",
      lambda({}, () => 1),
    ),
  );
}

async function scheduledTimes(memory: MemoryEngine): Promise<string[]> {
  const { runs } = await memory.store.listRuns({}, 1000);
  return runs.map(({ scheduledAt }) => scheduledAt).sort();
}

const anyDayAndCron = anyUnusualDay.chain((unusual) => fc.tuple(fc.constant(unusual), anyCron(unusual.date)));

test("the list of upcoming times, the ticks, a late tick and a backfill agree when clocks change", async () => {
  await fc.assert(
    fc.asyncProperty(anyDayAndCron, async ([unusual, fields]) => {
      const times = naiveCronTimes(unusual, fields).map((time) => new Date(time).toISOString());
      fc.pre(times.length > 0 && times.length <= 20);
      const { start, end } = around(unusual);
      const pipeline = scheduled(cronText(fields), unusual);
      const [punctual, late] = [0, 1].map(() => new MemoryEngine([pipeline], {}, start.getTime() - 1));
      if (punctual === undefined || late === undefined) throw new Error("two were made");

      await runSchedules(late.engine);
      const [view] = await viewSchedules(late.engine, times.length);
      expect(view?.upcoming).toEqual(times);

      await runSchedules(punctual.engine);
      for (const time of times) {
        for (const shift of [-1, 0, minute]) {
          punctual.clock.moveTo(Math.max(punctual.clock.now(), Date.parse(time) + shift));
          await runSchedules(punctual.engine);
        }
      }
      const started = (await scheduledTimes(punctual)).filter((time) => time < end.toISOString());
      expect(started).toEqual(times);

      late.clock.moveTo(end.getTime() - 1);
      await runSchedules(late.engine);
      expect(await scheduledTimes(late)).toEqual(times);

      const request = { from: start.toISOString(), to: end.toISOString(), schedule: "default" };
      const options = { pipeline: "clocked", concurrency: 1, retryFailed: false };
      const { total, first, last } = await previewBackfill(late.engine, { ...request, ...options });
      expect(total).toBe(times.length);
      expect([...first, ...last]).toEqual([...times.slice(0, 3), ...times.slice(3).slice(-3)]);
    }),
    { numRuns: 20 },
  );
});
