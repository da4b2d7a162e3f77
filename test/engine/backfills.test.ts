import * as z from "zod";
import { driveBackfills } from "../../shared/backfill/drive-backfill.ts";
import type { BackfillRequest } from "../../shared/backfill/plan-backfill.ts";
import { previewBackfill } from "../../shared/backfill/preview-backfill.ts";
import { cancelBackfill, resumeBackfill, startBackfill } from "../../shared/backfill/start-backfill.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { cron, definePipeline, lambda, wait } from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { runSchedules } from "../../shared/schedule/run-schedules.ts";
import type { Backfill } from "../../shared/state/backfill.ts";
import type { Run } from "../../shared/state/run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { Crash, crashing } from "./crashing-engine.ts";
import { startManually } from "./driving.ts";

const minute = 60_000;
const start = Date.parse("2022-01-01T00:00:30Z");
const params = z.strictObject({ label: z.string().default("") });

/** A pipeline that takes a while, and fails for the times in `failing`. */
function scoring(seconds = 0, options: { maxActiveRuns?: number; failing?: Set<string> } = {}) {
  const { failing = new Set(), ...rest } = options;
  const triggers = [
    cron("0 3 2 * *", { name: "monthly", params: { label: "by schedule" } }),
    cron("* * * * *"),
  ];
  return definePipeline({ name: "scoring", params, triggers, ...rest }, ({ run, step }) => {
    const waited = step("wait", wait({ seconds }));
    step(
      "score",
      lambda({ at: run.scheduledAt }, ({ at }) => {
        if (failing.has(at)) throw new Error(`no data for ${at}`);
        return at;
      }),
      { after: [waited] },
    );
  });
}

const spring: BackfillRequest = {
  pipeline: "scoring",
  from: "2021-04-01",
  to: "2021-06-01",
  every: "month",
  concurrency: 4,
  retryFailed: false,
};
const days: BackfillRequest = {
  ...spring,
  from: "2021-01-01",
  to: "2021-01-21",
  every: "day",
  concurrency: 3,
};

function memoryOf(pipeline = scoring()): MemoryEngine {
  return new MemoryEngine([pipeline], {}, start);
}

async function runsOf(memory: MemoryEngine): Promise<Run[]> {
  const { runs } = await memory.store.listRuns({}, 10_000);
  const all = await Promise.all(runs.map(({ runId }) => memory.store.getRun(runId)));
  return all.flatMap((run) => run ?? []).sort((a, b) => a.scheduledAt.localeCompare(b.scheduledAt));
}

const active = (runs: readonly Run[]) => runs.filter(({ state }) => state === "RUNNING");

/** Works and ticks until a backfill has nothing left to do. Calls `watch` after each turn. */
async function finish(
  memory: MemoryEngine,
  id: string,
  watch: () => Promise<void> = async () => undefined,
): Promise<Backfill> {
  for (let tick = 0; tick < 1000; tick += 1) {
    while (await memory.turn()) await watch();
    const backfill = await memory.engine.backfills.get(id);
    if (backfill === undefined) throw new Error(`there is no backfill ${id}`);
    if (backfill.dueAt === undefined) return backfill;
    memory.clock.moveTo(memory.clock.now() + minute);
    await driveBackfills(memory.engine);
    await sweepRuns(memory.engine);
  }
  throw new Error("the backfill does not end");
}

describe("a backfill", () => {
  it("runs a pipeline for each time, the first inclusive and the last exclusive", async () => {
    const memory = memoryOf();
    const { id, total } = await startBackfill(memory.engine, spring);
    expect(total).toBe(2);
    expect(await finish(memory, id)).toMatchObject({
      state: "DONE",
      counts: { succeeded: 2, skipped: 0, failed: 0 },
    });
    const runs = await runsOf(memory);
    expect(runs.map(({ scheduledAt, state }) => [scheduledAt, state])).toEqual([
      ["2021-04-01T00:00:00.000Z", "SUCCEEDED"],
      ["2021-05-01T00:00:00.000Z", "SUCCEEDED"],
    ]);
    expect(runs[0]).toMatchObject({ cause: { kind: "backfill", backfill: id }, tags: [`backfill:${id}`] });
  });

  it("that is requested again skips times that succeeded, and starts nothing twice", async () => {
    const memory = memoryOf();
    const { id } = await startBackfill(memory.engine, spring);
    await finish(memory, id);
    const again = await startBackfill(memory.engine, spring);
    expect(again).toMatchObject({
      id,
      pass: 2,
      state: "DONE",
      counts: { succeeded: 0, skipped: 2, failed: 0 },
    });
    expect(await runsOf(memory)).toHaveLength(2);
  });

  it("skips times that another cause's runs have completed, and waits for those still running", async () => {
    const memory = memoryOf(scoring(600));
    const by = (scheduledAt: string) => startManually(memory.engine, { pipeline: "scoring", scheduledAt });
    await memory.finish((await by("2021-04-01T00:00:00Z")).runId);
    memory.clock.moveTo(memory.clock.now() + minute);
    await by("2021-05-01T00:00:00Z");
    const { id } = await startBackfill(memory.engine, { ...spring, to: "2021-07-01" });
    expect(await finish(memory, id)).toMatchObject({ counts: { succeeded: 2, skipped: 1, failed: 0 } });
    expect((await runsOf(memory)).map(({ cause: { kind } }) => kind)).toEqual([
      "manual",
      "manual",
      "backfill",
    ]);
  });

  it("with other parameters creates other runs", async () => {
    const memory = memoryOf();
    const first = await startBackfill(memory.engine, spring);
    await finish(memory, first.id);
    const other = await startBackfill(memory.engine, { ...spring, params: { label: "b" } });
    expect(other.id).not.toBe(first.id);
    expect(await finish(memory, other.id)).toMatchObject({ counts: { succeeded: 2, skipped: 0 } });
    expect(await runsOf(memory)).toHaveLength(4);
  });

  it("of a schedule uses its times and parameters, and skips times that the schedule has completed", async () => {
    const memory = memoryOf();
    const { every: _every, ...range } = spring;
    const { id } = await startBackfill(memory.engine, { ...range, schedule: "monthly" });
    await finish(memory, id);
    const runs = await runsOf(memory);
    expect(runs.map(({ scheduledAt, params }) => [scheduledAt, params])).toEqual([
      ["2021-04-02T03:00:00.000Z", { label: "by schedule" }],
      ["2021-05-02T03:00:00.000Z", { label: "by schedule" }],
    ]);
    await runSchedules(memory.engine);
    memory.clock.moveTo(Date.parse("2022-01-02T03:00:10Z"));
    await runSchedules(memory.engine);
    await memory.turn();
    const next = { ...range, from: "2022-01-02", to: "2022-01-03", schedule: "monthly" };
    const winter = await startBackfill(memory.engine, next);
    expect(await finish(memory, winter.id)).toMatchObject({ total: 1 });
    expect((await runsOf(memory)).filter(({ cause }) => cause.kind === "backfill")).toHaveLength(2);
  });

  it("uses its concurrency fully, and never exceeds it", async () => {
    const memory = memoryOf(scoring(90));
    const { id } = await startBackfill(memory.engine, days);
    const seen = new Set<number>();
    const done = await finish(memory, id, async () => {
      seen.add(active(await runsOf(memory)).length);
    });
    expect(done.counts.succeeded).toBe(20);
    expect(Math.max(...seen)).toBe(3);
  });

  it("doesn't rerun failed times unless requested, and counts each time once", async () => {
    const failing = new Set(["2021-04-01T00:00:00.000Z"]);
    const memory = memoryOf(scoring(0, { failing }));
    const { id } = await startBackfill(memory.engine, spring);
    expect(await finish(memory, id)).toMatchObject({ counts: { succeeded: 1, skipped: 0, failed: 1 } });
    const again = await startBackfill(memory.engine, spring);
    expect(again).toMatchObject({ state: "DONE", counts: { succeeded: 0, skipped: 1, failed: 1 } });
    await startBackfill(memory.engine, { ...spring, retryFailed: true });
    expect(await finish(memory, id)).toMatchObject({ counts: { skipped: 1, failed: 1 } });
    failing.clear();
    await startBackfill(memory.engine, { ...spring, retryFailed: true });
    expect(await finish(memory, id)).toMatchObject({ counts: { succeeded: 1, skipped: 1, failed: 0 } });
    expect((await runsOf(memory)).map(({ epoch }) => epoch)).toEqual([3, 1]);
  });

  it("reopens no more runs of others at once than its concurrency allows", async () => {
    const failing = new Set<string>();
    const memory = memoryOf(scoring(90, { failing }));
    for (let day = 1; day <= 6; day += 1) {
      const scheduledAt = `2021-01-0${day}T00:00:00.000Z`;
      failing.add(scheduledAt);
      const { runId } = await startManually(memory.engine, {
        pipeline: "scoring",
        scheduledAt,
      });
      await memory.finish(runId);
    }
    failing.clear();
    memory.clock.moveTo(memory.clock.now() + minute);
    const { id } = await startBackfill(memory.engine, { ...days, concurrency: 2, retryFailed: true });
    let maxActive = active(await runsOf(memory)).length;
    const done = await finish(memory, id, async () => {
      maxActive = Math.max(maxActive, active(await runsOf(memory)).length);
    });
    expect([done.counts.succeeded, maxActive]).toEqual([20, 2]);
  });

  it("starts its runs after scheduled runs that wait for the same slots", async () => {
    const memory = memoryOf(scoring(90, { maxActiveRuns: 1 }));
    await runSchedules(memory.engine);
    const { id } = await startBackfill(memory.engine, days);
    memory.clock.moveTo(start + minute);
    await runSchedules(memory.engine);
    const scheduled = async () => (await runsOf(memory)).find(({ cause }) => cause.kind === "schedule");
    expect((await scheduled())?.state).toBe("QUEUED");
    const first = active(await runsOf(memory))[0];
    await memory.finish(first?.runId ?? "");
    expect((await scheduled())?.state).toBe("RUNNING");
    expect((await finish(memory, id)).counts.succeeded).toBe(20);
  });

  it("of a thousand times keeps its record small, and skips completed times at once", async () => {
    const memory = memoryOf();
    const hours = { ...days, to: "2021-02-11", every: "hour", concurrency: 100 } as const;
    const { id, total } = await startBackfill(memory.engine, hours);
    expect(total).toBe(984);
    let maxActive = 0;
    await finish(memory, id, async () => {
      const stored = await memory.engine.backfills.get(id);
      maxActive = Math.max(maxActive, JSON.stringify(stored).length);
    });
    expect(maxActive).toBeLessThan(8 * 1024);
    const again = await startBackfill(memory.engine, hours);
    expect(again).toMatchObject({ state: "DONE", counts: { succeeded: 0, skipped: 984, failed: 0 } });
  });

  it("of a pipeline that is no longer deployed is cancelled with the reason", async () => {
    const memory = memoryOf(scoring(90));
    const { id } = await startBackfill(memory.engine, { ...days, concurrency: 1, to: "2021-06-01" });
    memory.engine = { ...memory.engine, pipelines: new Map() };
    const ended = await finish(memory, id);
    expect(ended).toMatchObject({ state: "CANCELLED" });
    expect(ended.reason).toContain('there is no pipeline "scoring"');
  });
});

describe("the preview of a backfill", () => {
  it("lists its times and what would happen to each, and writes nothing", async () => {
    const failing = new Set(["2021-01-02T00:00:00.000Z"]);
    const memory = memoryOf(scoring(0, { failing }));
    const { id } = await startBackfill(memory.engine, { ...days, to: "2021-01-04" });
    await finish(memory, id);
    memory.clock.moveTo(memory.clock.now() + minute);
    const before = [await runsOf(memory), await memory.engine.backfills.list(10)];
    const seen = await previewBackfill(memory.engine, days);
    const day = (date: string) => `2021-01-${date}T00:00:00.000Z`;
    expect(seen).toMatchObject({
      ...{ dryRun: true, pipeline: "scoring", rule: "every day in UTC", total: 20, concurrency: 3 },
      ...{ first: ["01", "02", "03"].map(day), last: ["18", "19", "20"].map(day) },
      counts: { start: 17, again: 0, open: 0, skipped: 2, failed: 1 },
    });
    expect(seen).not.toHaveProperty("state");
    const again = { ...days, to: "2021-01-04", retryFailed: true };
    expect(await previewBackfill(memory.engine, again)).toMatchObject({
      ...{ backfill: id, state: "DONE", total: 3, last: [] },
      counts: { start: 0, again: 1, open: 0, skipped: 2, failed: 0 },
    });
    expect([await runsOf(memory), await memory.engine.backfills.list(10)]).toEqual(before);
  });

  it("of more times than one call looks up lists only the times", async () => {
    const { every: _every, ...range } = days;
    const minutes = { ...range, to: "2021-01-03", schedule: "default" };
    const seen = await previewBackfill(memoryOf().engine, minutes);
    expect(seen).toMatchObject({ total: 2880, rule: "cron * * * * * in UTC" });
    expect(seen.last).toEqual(["57", "58", "59"].map((mm) => `2021-01-02T23:${mm}:00.000Z`));
    expect(seen).not.toHaveProperty("counts");
  });

  it("is refused with the same errors as its start", async () => {
    await expect(previewBackfill(memoryOf().engine, { ...spring, to: "2023-01-01" })).rejects.toThrow(
      "is in the future",
    );
  });
});

describe("a cancelled backfill", () => {
  it("counts the runs that it stopped at once", async () => {
    const memory = memoryOf(scoring(90));
    const { id } = await startBackfill(memory.engine, days);
    expect((await cancelBackfill(memory.engine, id)).open).toEqual([]);
    expect((await memory.engine.backfills.list(1))[0]).toMatchObject({ state: "CANCELLED", open: [] });
  });

  it("starts nothing more, ends the runs that it started, and continues when it is resumed", async () => {
    const memory = memoryOf(scoring(90));
    const { id } = await startBackfill(memory.engine, days);
    const scheduledAt = "2021-01-20T00:00:00Z";
    await startManually(memory.engine, { pipeline: "scoring", scheduledAt });
    for (let turn = 0; turn < 30; turn += 1) await memory.turn();
    memory.clock.moveTo(memory.clock.now() + 2 * minute);
    for (let turn = 0; turn < 30; turn += 1) await memory.turn();
    await cancelBackfill(memory.engine, id);
    const cancelled = await finish(memory, id);
    expect(cancelled).toMatchObject({ state: "CANCELLED", open: [], reason: "cancelled by an operator" });
    const stopped = (await runsOf(memory)).filter(({ state }) => state === "CANCELLED");
    expect(stopped.length).toBeGreaterThan(3);
    await resumeBackfill(memory.engine, id, false);
    const done = await finish(memory, id);
    expect(done).toMatchObject({ state: "DONE", pass: 2 });
    expect(done).not.toHaveProperty("reason");
    expect(done.counts.succeeded + done.counts.skipped).toBe(20);
    expect((await runsOf(memory)).map(({ state }) => state)).toEqual(Array(20).fill("SUCCEEDED"));
  });

  it("also ends runs that a worker starts without knowing of the cancel", async () => {
    const memory = memoryOf(scoring(90));
    const sound = memory.engine;
    let cancelled = false;
    const put = async (next: Backfill) => {
      const written = await sound.backfills.put(next);
      if (!cancelled && next.open.length > 0) {
        cancelled = true;
        await cancelBackfill(sound, next.id);
      }
      return written;
    };
    const backfills = new Proxy(sound.backfills, {
      get: (store, key) => (key === "put" ? put : Reflect.get(store, key).bind(store)),
    });
    const { id } = await startBackfill({ ...sound, backfills }, spring);
    expect(await runsOf(memory)).toHaveLength(2);
    await finish(memory, id);
    expect((await runsOf(memory)).map(({ state }) => state)).toEqual(["CANCELLED", "CANCELLED"]);
  });

  it("doesn't cancel a run that another cause started", async () => {
    const memory = memoryOf(scoring(9000));
    const scheduledAt = "2021-04-01T00:00:00Z";
    await startManually(memory.engine, { pipeline: "scoring", scheduledAt });
    const { id } = await startBackfill(memory.engine, spring);
    await cancelBackfill(memory.engine, id);
    const states = (await runsOf(memory)).map(({ state }) => state);
    expect(states[0]).toBe("RUNNING");
    expect(["CANCELLING", "CANCELLED"]).toContain(states[1]);
  });

  /** Two backfills over times that they share. The second one wants runs that the first one started. */
  async function overlapping(concurrency = 3) {
    const memory = memoryOf(scoring(600));
    const { engine } = memory;
    const first = await startBackfill(engine, { ...days, to: "2021-01-05", concurrency });
    const second = await startBackfill(engine, { ...days, from: "2021-01-03", to: "2021-01-07" });
    const day = (date: number) => `2021-01-0${date}T00:00:00.000Z`;
    const stateOn = async (date: number) =>
      (await runsOf(memory)).find(({ scheduledAt }) => scheduledAt === day(date))?.state;
    return { memory, engine, first: first.id, second: second.id, stateOn };
  }

  it.each([
    ["that are running", 4],
    ["that wait for their slots", 1],
  ])(
    "doesn't cancel runs %s that another backfill wants, and that backfill counts none as failed",
    async (_which, concurrency) => {
      const { memory, engine, first, second, stateOn } = await overlapping(concurrency);
      expect(await cancelBackfill(engine, first)).toMatchObject({ state: "CANCELLED" });
      expect(["CANCELLING", "CANCELLED"]).toContain(await stateOn(1));
      expect(["CANCELLING", "CANCELLED"]).toContain(await stateOn(2));
      expect(["RUNNING", "QUEUED"]).toContain(await stateOn(3));
      const done = await finish(memory, second);
      expect(done).toMatchObject({ state: "DONE", counts: { succeeded: 4, failed: 0 } });
      expect((await runsOf(memory)).filter(({ epoch }) => epoch > 1)).toEqual([]);
      expect(await finish(memory, first)).toMatchObject({ state: "CANCELLED", open: [] });
    },
  );

  it("cancels a run when the last backfill that wanted it is cancelled, whichever started it", async () => {
    const { memory, engine, first, second } = await overlapping();
    await Promise.all([cancelBackfill(engine, first), cancelBackfill(engine, second)]);
    await finish(memory, first);
    await finish(memory, second);
    expect(new Set((await runsOf(memory)).map(({ state }) => state))).toEqual(new Set(["CANCELLED"]));
    await resumeBackfill(engine, first, false);
    expect(await finish(memory, first)).toMatchObject({ state: "DONE", counts: { succeeded: 4, failed: 0 } });
  });

  it("doesn't cancel a run that a person has also started or has retried", async () => {
    const memory = memoryOf(scoring(600));
    const { engine } = memory;
    const { id } = await startBackfill(engine, spring);
    const [asked, retried] = await runsOf(memory);
    const scheduledAt = asked?.scheduledAt ?? "";
    const again = await startManually(engine, { pipeline: "scoring", scheduledAt });
    expect(again).toMatchObject({ runId: asked?.runId, created: false });
    await cancelRun(engine, retried?.runId ?? "");
    await memory.finish(retried?.runId ?? "");
    memory.clock.moveTo(memory.clock.now() + minute);
    await retryRun(engine, retried?.runId ?? "");
    await cancelBackfill(engine, id);
    expect((await runsOf(memory)).map(({ state }) => state)).toEqual(["RUNNING", "RUNNING"]);
  });

  it.each(["getRun", "moveRun", "setWanters"] as const)(
    "doesn't stop another backfill that starts to want its runs during the cancel (%s)",
    async (call) => {
      const memory = memoryOf(scoring(600));
      const { engine, store } = memory;
      const { id } = await startBackfill(engine, spring);
      let second = "";
      const interrupted = new Proxy(store, {
        get: (target, key) => {
          const member = Reflect.get(target, key);
          if (typeof member !== "function") return member;
          return async (...args: unknown[]) => {
            if (key === call && second === "") {
              second = "starting";
              second = (await startBackfill(engine, { ...spring, from: "2021-05-01", to: "2021-07-01" })).id;
            }
            return member.apply(target, args);
          };
        },
      });
      await cancelBackfill({ ...engine, store: interrupted }, id);
      if (second === "") second = (await startBackfill(engine, { ...spring, from: "2021-05-01" })).id;
      expect(await finish(memory, second)).toMatchObject({ state: "DONE", counts: { failed: 0 } });
      expect(await finish(memory, id)).toMatchObject({ state: "CANCELLED", open: [] });
      expect((await runsOf(memory)).map(({ state }) => state).slice(0, 2)).toEqual([
        "CANCELLED",
        "SUCCEEDED",
      ]);
    },
  );

  it("leaves a run of older code, which doesn't record who wants it, to the backfill that started it", async () => {
    const { memory, engine, first, second } = await overlapping();
    for (const run of await runsOf(memory)) {
      const wanters = new Set(run.cause.kind === "backfill" ? [run.cause.backfill] : []);
      await memory.store.setWanters(run, wanters);
    }
    await cancelBackfill(engine, second);
    expect(await finish(memory, first)).toMatchObject({ state: "DONE", counts: { succeeded: 4, failed: 0 } });
  });

  it("doesn't rerun what a person cancelled", async () => {
    const memory = memoryOf(scoring(90));
    const { id } = await startBackfill(memory.engine, spring);
    const [first] = await runsOf(memory);
    await cancelRun(memory.engine, first?.runId ?? "");
    await finish(memory, id);
    await resumeBackfill(memory.engine, id, false);
    expect(await finish(memory, id)).toMatchObject({ counts: { failed: 1, skipped: 1 } });
  });
});

describe("an invalid request", () => {
  it.each<[Partial<BackfillRequest>, string]>([
    [{ pipeline: "scorin" }, 'there is no pipeline "scorin"'],
    [{ from: "yesterday" }, 'from is "yesterday"; it takes a date such as 2021-04-01'],
    [{ to: "2021-04-01" }, "no time of the schedule lies between 2021-04-01T00:00:00.000Z (inclusive)"],
    [{ to: "2023-01-01" }, "is in the future"],
    [{ from: "1990-01-01", every: "hour" }, "more than 10000 times"],
    [{ from: "2021-01-31" }, "from is on day 31"],
    [{ schedule: "monthly" }, "every and schedule are both given"],
    [{ timezone: "Berlin" }, 'timezone is "Berlin", which is unknown'],
    [{ params: { labell: "x" } }, 'Unrecognized key: "labell"'],
  ])("is refused before anything starts: %j", async (wrong, message) => {
    const memory = memoryOf();
    await expect(startBackfill(memory.engine, { ...spring, ...wrong })).rejects.toThrow(message);
    expect(await runsOf(memory)).toEqual([]);
    expect(await memory.engine.backfills.list(10)).toEqual([]);
  });

  it("for an unknown schedule names the existing ones", async () => {
    const { every: _every, ...range } = spring;
    const asked = startBackfill(memoryOf().engine, { ...range, schedule: "weekly" });
    await expect(asked).rejects.toThrow("it has: monthly, default");
  });

  it("for a backfill that doesn't exist is refused", async () => {
    await expect(cancelBackfill(memoryOf().engine, "x")).rejects.toThrow('there is no backfill "x"');
    await expect(resumeBackfill(memoryOf().engine, "x", false)).rejects.toThrow('there is no backfill "x"');
  });
});

describe("a backfill whose worker dies at any call", () => {
  /** Starts, cancels and resumes a backfill, with a worker that dies once. Nobody repeats a cancel or a resume. */
  async function withCrash(at: number, when: "before" | "after") {
    const memory = memoryOf(scoring(90));
    const sound = memory.engine;
    const { engine, seen } = crashing(sound, at, when);
    const attempt = async (work: (engine: Engine) => Promise<unknown>) => {
      try {
        await work(seen.crashed ? sound : engine);
        return true;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        return false;
      }
    };
    const request = { ...days, to: "2021-01-04", concurrency: 1 };
    // People ask again if they get no answer.
    if (!(await attempt((each) => startBackfill(each, request)))) await startBackfill(sound, request);
    const [{ id } = { id: "" }] = await sound.backfills.list(1);
    let maxActive = 0;
    const work = async (ticks: number) => {
      for (let tick = 0; tick < ticks; tick += 1) {
        for (const { queue, workerSize } of memory.lanes) {
          for (const message of queue.receive(100)) {
            await attempt((each) =>
              handleStepMessage({ ...each, workerSize }, message, Number.POSITIVE_INFINITY),
            );
            maxActive = Math.max(maxActive, active(await runsOf(memory)).length);
          }
        }
        memory.clock.moveTo(memory.clock.now() + minute);
        await attempt(driveBackfills);
        await attempt(sweepRuns);
        if ((await sound.backfills.get(id))?.state === "DONE") return;
      }
    };
    await work(2);
    if (!(await attempt((each) => cancelBackfill(each, id)))) await cancelBackfill(sound, id);
    await work(4);
    if (!(await attempt((each) => resumeBackfill(each, id, false)))) await resumeBackfill(sound, id, false);
    await work(60);
    return {
      seen,
      most: maxActive,
      backfill: await sound.backfills.get(id),
      runs: await runsOf(memory),
      memory,
    };
  }

  it.each(["before", "after"] as const)(
    "completes all times once (the worker dies %s the call takes effect)",
    async (when) => {
      for (let at = 1; ; at += 1) {
        const { seen, most: maxActive, backfill, runs, memory } = await withCrash(at, when);
        const outcome = { at, state: backfill?.state, runs: runs.map(({ state }) => state), maxActive };
        expect(outcome).toEqual({ at, state: "DONE", runs: Array(3).fill("SUCCEEDED"), maxActive: 1 });
        const { succeeded = 0, skipped = 0 } = backfill?.counts ?? {};
        expect(succeeded + skipped).toBe(3);
        expect((await memory.store.getSlots(`backfill/${backfill?.id}`)).holders.size).toBe(0);
        if (!seen.crashed) break;
      }
    },
    120_000,
  );
});
