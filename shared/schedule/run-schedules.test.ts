import * as z from "zod";
import { cron, definePipeline, lambda } from "../pipeline/index.ts";
import { MemoryEngine } from "../testing/test-pipeline.ts";
import { runSchedules, ScheduleNotFoundError, setScheduleActive } from "./run-schedules.ts";

const start = Date.parse("2021-10-04T16:20:30Z");
const minute = 60_000;

function everyMinute(active: boolean | string[]) {
  const pipeline = definePipeline(
    { name: "minutely", params: z.strictObject({}), triggers: [cron("* * * * *", { active })] },
    ({ step }) =>
      step(
        "only",
        lambda({}, () => 1),
      ),
  );
  return new MemoryEngine([pipeline], {}, start);
}

async function scheduledTimes(memory: MemoryEngine): Promise<string[]> {
  const { runs } = await memory.store.listRuns({}, 100);
  return runs.map(({ scheduledAt }) => scheduledAt).sort();
}

describe("a schedule", () => {
  it("is registered by the first tick and starts a run at each of its times", async () => {
    const memory = everyMinute(true);
    for (let tick = 0; tick < 3; tick += 1) {
      await runSchedules(memory.engine);
      memory.clock.moveTo(memory.clock.now() + minute);
    }
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21:00.000Z", "2021-10-04T16:22:00.000Z"]);
  });

  it("starts one run for a time, however often the tick comes", async () => {
    const memory = everyMinute(true);
    await runSchedules(memory.engine);
    memory.clock.moveTo(start + minute);
    await Promise.all([runSchedules(memory.engine), runSchedules(memory.engine)]);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21:00.000Z"]);
  });

  it("that was missed for a while goes on with the next time to come", async () => {
    const memory = everyMinute(true);
    await runSchedules(memory.engine);
    memory.clock.moveTo(start + 10 * minute);
    await runSchedules(memory.engine);
    memory.clock.moveTo(start + 11 * minute);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21:00.000Z", "2021-10-04T16:31:00.000Z"]);
  });

  it("registered switched off starts nothing until it is switched on, and a toggle outlives a deployment", async () => {
    const memory = everyMinute(false);
    await runSchedules(memory.engine);
    memory.clock.moveTo(start + 5 * minute);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual([]);
    const stored = await setScheduleActive(memory.engine, {
      pipeline: "minutely",
      name: "default",
      active: true,
    });
    expect(stored).toEqual({
      pipeline: "minutely",
      name: "default",
      active: true,
      nextAt: "2021-10-04T16:26:00.000Z",
    });
    // The definition still says off; what is stored counts.
    memory.clock.moveTo(start + 6 * minute);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:26:00.000Z"]);
    await setScheduleActive(memory.engine, { pipeline: "minutely", name: "default", active: false });
    memory.clock.moveTo(start + 9 * minute);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toHaveLength(1);
  });

  it("that is on in some stages only is registered switched off in others", async () => {
    const started = async (name: string) => {
      const memory = everyMinute(["prod", "dev"]);
      memory.engine = { ...memory.engine, stage: { name, timezone: "UTC" } };
      await runSchedules(memory.engine);
      memory.clock.moveTo(start + minute);
      await runSchedules(memory.engine);
      return (await scheduledTimes(memory)).length;
    };
    expect([await started("prod"), await started("dev"), await started("local")]).toEqual([1, 1, 0]);
  });

  it("goes by the stage's time zone, also when the clocks change, and so do the names of its runs", async () => {
    const nightly = definePipeline(
      {
        name: "nightly",
        params: z.strictObject({}),
        triggers: [cron("0 3 * * *")],
        runName: "night of {yyyy}-{MM}-{dd} {HH}:{mm}",
      },
      ({ step }) =>
        step(
          "only",
          lambda({}, () => 1),
        ),
    );
    const day = 24 * 60 * minute;
    const memory = new MemoryEngine([nightly], {}, Date.parse("2021-10-30T00:00:00Z"));
    memory.engine = { ...memory.engine, stage: { name: "prod", timezone: "Europe/Berlin" } };
    await runSchedules(memory.engine);
    for (let days = 0; days < 2; days += 1) {
      memory.clock.moveTo(memory.clock.now() + day);
      await runSchedules(memory.engine);
    }
    const { runs } = await memory.store.listRuns({}, 100);
    expect(runs.map(({ scheduledAt, name }) => [scheduledAt, name]).sort()).toEqual([
      ["2021-10-30T01:00:00.000Z", "night of 2021-10-30 03:00"],
      ["2021-10-31T02:00:00.000Z", "night of 2021-10-31 03:00"],
    ]);
  });

  it("that a pipeline does not have is refused, with those it has", async () => {
    const memory = everyMinute(true);
    const wrong = setScheduleActive(memory.engine, { pipeline: "minutely", name: "hourly", active: true });
    await expect(wrong).rejects.toThrow(ScheduleNotFoundError);
    await expect(wrong).rejects.toThrow("it has: default");
  });
});
