import * as z from "zod";
import { type Crashing, crashing } from "../../test/engine/crashing-engine.ts";
import { startManually } from "../../test/engine/driving.ts";
import { cron, definePipeline, interval, lambda } from "../pipeline/index.ts";
import type { ScheduleOptions } from "../pipeline/schedule-trigger.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { runSchedules } from "./run-schedules.ts";
import { ScheduleNotFoundError, setScheduleActive } from "./set-schedule.ts";
import { viewSchedules } from "./view-schedules.ts";

const start = Date.parse("2021-10-04T16:20:30Z");
const minute = 60_000;
const params = z.strictObject({ region: z.string().default("all") });

function scheduled(...triggers: Parameters<typeof definePipeline>[0]["triggers"] & object) {
  return definePipeline({ name: "minutely", params, triggers }, ({ step }) =>
    step(
      "only",
      lambda({}, () => 1),
    ),
  );
}

function everyMinute(options: ScheduleOptions = {}) {
  return new MemoryEngine([scheduled(cron("* * * * *", options))], {}, start);
}

async function scheduledTimes(memory: MemoryEngine): Promise<string[]> {
  const { runs } = await memory.store.listRuns({}, 1000);
  return runs.map(({ scheduledAt }) => scheduledAt.slice(0, 16)).sort();
}

/** Runs a tick some minutes after the start. */
async function tickAt(memory: MemoryEngine, minutes: number): Promise<void> {
  memory.clock.moveTo(start + minutes * minute);
  await runSchedules(memory.engine);
}

const toggle = (memory: MemoryEngine, active: boolean, name = "default") =>
  setScheduleActive(memory.engine, { pipeline: "minutely", name, active });

describe("a schedule", () => {
  it("is registered by the first tick and starts a run at each of its times", async () => {
    const memory = everyMinute();
    for (const at of [0, 1, 2]) await tickAt(memory, at);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21", "2021-10-04T16:22"]);
  });

  it("starts one run for a time, however often the tick repeats", async () => {
    const memory = everyMinute();
    await tickAt(memory, 0);
    memory.clock.moveTo(start + minute);
    await Promise.all([runSchedules(memory.engine), runSchedules(memory.engine)]);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21"]);
  });

  it("starts one run for each time, at whatever call a tick dies", async () => {
    for (const when of ["before", "after"] satisfies Crashing["when"][]) {
      for (let at = 1; ; at += 1) {
        const memory = everyMinute();
        const { engine, seen } = crashing(memory.engine, at, when);
        for (const minutes of [0, 1, 2]) {
          memory.clock.moveTo(start + minutes * minute);
          await runSchedules(seen.crashed ? memory.engine : engine).catch(() => undefined);
        }
        await tickAt(memory, 3);
        const times = ["2021-10-04T16:21", "2021-10-04T16:22", "2021-10-04T16:23"];
        // The time is unknown only if the schedule wasn't stored before it.
        const stored = at > 2 || (at === 2 && when === "after");
        expect(await scheduledTimes(memory)).toEqual(stored ? times : times.slice(1));
        if (!seen.crashed) break;
      }
    }
  });

  it("starts no second run for a time that was started by hand", async () => {
    const memory = everyMinute();
    await tickAt(memory, 0);
    const scheduledAt = "2021-10-04T16:21:00Z";
    await startManually(memory.engine, { pipeline: "minutely", scheduledAt });
    await tickAt(memory, 1);
    expect(await scheduledTimes(memory)).toHaveLength(1);
  });

  it("starts a run for the same time as another schedule, each with its own parameters", async () => {
    const pipeline = scheduled(
      cron("* * * * *", { name: "eu", params: { region: "eu" } }),
      interval({ every: { minutes: 1 }, name: "us", params: { region: "us" } }),
    );
    const memory = new MemoryEngine([pipeline], {}, start);
    await tickAt(memory, 0);
    await tickAt(memory, 1);
    const { runs } = await memory.store.listRuns({}, 10);
    const all = await Promise.all(runs.map(({ runId }) => memory.store.getRun(runId)));
    expect(all.map((run) => run?.params)).toEqual(
      expect.arrayContaining([{ region: "eu" }, { region: "us" }]),
    );
    expect(all).toHaveLength(2);
  });

  it("starts nothing after its end", async () => {
    const memory = everyMinute({ end: "2021-10-04T16:23:00Z" });
    for (const at of [0, 1, 2, 3, 4]) await tickAt(memory, at);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21", "2021-10-04T16:22"]);
    expect(await memory.engine.schedules.list()).toMatchObject([{ active: true }]);
    expect(await viewSchedules(memory.engine, 3)).toMatchObject([{ upcoming: [] }]);
  });

  it("that the pipeline doesn't have is refused, and the error names the existing ones", async () => {
    const wrong = toggle(everyMinute(), true, "hourly");
    await expect(wrong).rejects.toThrow(ScheduleNotFoundError);
    await expect(wrong).rejects.toThrow("it has: default");
  });
});

describe("missed times", () => {
  it.each([
    ["latest", ["2021-10-04T16:25", "2021-10-04T16:30"]],
    ["all", ["2021-10-04T16:25", "2021-10-04T16:30", "2021-10-04T16:35", "2021-10-04T16:40"]],
    ["skip", []],
  ] as const)("are handled by %s after a pause of the ticks", async (missed, times) => {
    const memory = new MemoryEngine([scheduled(cron("*/5 * * * *", { missed }))], {}, start);
    await tickAt(memory, 0);
    // With `latest`, this tick comes more than two minutes after 16:25; otherwise it comes after all of 16:25 to 16:40.
    await tickAt(memory, missed === "latest" ? 7.5 : 22.5);
    if (missed === "latest") await tickAt(memory, 12.5);
    expect(await scheduledTimes(memory)).toEqual(times);
    await tickAt(memory, 25);
    expect((await scheduledTimes(memory)).at(-1)).toBe("2021-10-04T16:45");
  });

  it("within the tolerance of a late tick start as usual", async () => {
    const memory = everyMinute({ missed: "skip" });
    await tickAt(memory, 0);
    await tickAt(memory, 2.4);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21", "2021-10-04T16:22"]);
  });

  it("are caught up over several ticks if there are many", async () => {
    const memory = everyMinute({ missed: "all" });
    await tickAt(memory, 0);
    const counts: number[] = [];
    for (const at of [120, 120, 120, 121]) {
      await tickAt(memory, at);
      counts.push((await scheduledTimes(memory)).length);
    }
    expect(counts).toEqual([50, 100, 120, 121]);
  });
});

describe("a toggle", () => {
  it("applies, even after a deployment that says otherwise", async () => {
    const memory = everyMinute({ active: false });
    await tickAt(memory, 0);
    await tickAt(memory, 5);
    expect(await scheduledTimes(memory)).toEqual([]);
    expect(await toggle(memory, true)).toEqual({
      pipeline: "minutely",
      name: "default",
      active: true,
      rule: "cron * * * * * in UTC",
      nextAt: "2021-10-04T16:26:00.000Z",
    });
    const redeployed = [scheduled(cron("* * * * *", { active: false }))];
    memory.engine = { ...memory.engine, pipelines: new Map(redeployed.map((each) => [each.name, each])) };
    await tickAt(memory, 6);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:26"]);
    await toggle(memory, false);
    await tickAt(memory, 9);
    expect(await scheduledTimes(memory)).toHaveLength(1);
  });

  it("that is already on skips no time that has come", async () => {
    const memory = everyMinute();
    await tickAt(memory, 0);
    memory.clock.moveTo(start + minute);
    await toggle(memory, true);
    await runSchedules(memory.engine);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:21"]);
  });

  it("is initially as the definition sets it for the stage", async () => {
    const started = async (name: string) => {
      const memory = everyMinute({ active: ["prod", "dev"] });
      memory.engine = { ...memory.engine, stage: { ...memory.engine.stage, name } };
      await tickAt(memory, 0);
      await tickAt(memory, 1);
      return (await scheduledTimes(memory)).length;
    };
    expect([await started("prod"), await started("dev"), await started("local")]).toEqual([1, 1, 0]);
  });
});

describe("a deployment", () => {
  const deploy = (memory: MemoryEngine, ...pipelines: ReturnType<typeof scheduled>[]) => {
    memory.engine = { ...memory.engine, pipelines: new Map(pipelines.map((each) => [each.name, each])) };
  };

  it("with other times applies from then on", async () => {
    const memory = new MemoryEngine([scheduled(cron("0 3 1 1 *"))], {}, start);
    await tickAt(memory, 0);
    deploy(memory, scheduled(cron("* * * * *")));
    await tickAt(memory, 1.2);
    await tickAt(memory, 2);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:22"]);
  });

  it("without a schedule ends it, and one that brings it back restores its toggle", async () => {
    const memory = everyMinute({ active: false });
    const first = [...memory.engine.pipelines.values()];
    await tickAt(memory, 0);
    await toggle(memory, true);
    deploy(memory);
    await tickAt(memory, 3);
    expect(await memory.engine.schedules.due("2030-01-01T00:00:00.000Z", 10)).toEqual([]);
    deploy(memory, ...(first as ReturnType<typeof scheduled>[]));
    await tickAt(memory, 4);
    await tickAt(memory, 5);
    expect(await scheduledTimes(memory)).toEqual(["2021-10-04T16:25"]);
  });
});

describe("what the tick reads", () => {
  it("grows with the number of due schedules, not of stored ones", async () => {
    const hourly = Array.from({ length: 40 }, (_, place) => cron("0 * * * *", { name: `hourly ${place}` }));
    const memory = new MemoryEngine([scheduled(...hourly, cron("* * * * *"))], {}, start);
    await tickAt(memory, 0);
    const { seen, engine } = crashing({ ...memory.engine }, Number.POSITIVE_INFINITY, "before");
    memory.clock.moveTo(start + minute);
    await runSchedules(engine);
    // The due schedules; then the one schedule, its graph, its run, its first hint; and the schedule moved on.
    expect(seen.calls).toBe(6);
  });
});

describe("upcoming runs", () => {
  it("are listed before they start, for schedules that are on", async () => {
    const pipeline = scheduled(
      cron("30 2 * * *", { timezone: "Europe/Berlin" }),
      interval({ name: "off", every: { hours: 6 }, active: false }),
    );
    const memory = new MemoryEngine([pipeline], {}, Date.parse("2021-10-30T12:00:00Z"));
    const views = [
      {
        pipeline: "minutely",
        name: "default",
        active: true,
        rule: "cron 30 2 * * * in Europe/Berlin",
        timezone: "Europe/Berlin",
        missed: "latest",
        upcoming: ["2021-10-31T00:30:00.000Z", "2021-11-01T01:30:00.000Z"],
      },
      expect.objectContaining({ name: "off", active: false, upcoming: [] }),
    ];
    expect(await viewSchedules(memory.engine, 2)).toEqual(views);
    await runSchedules(memory.engine);
    expect(await viewSchedules(memory.engine, 2)).toEqual(views);
  });
});

it("a schedule uses the stage's time zone, also when clocks change, and so do the names of its runs", async () => {
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
  memory.engine = {
    ...memory.engine,
    stage: { ...memory.engine.stage, name: "prod", timezone: "Europe/Berlin" },
  };
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
