import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { pauseRun, resumeRun } from "../../shared/operate/pause-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, flatten, lambda, text, wait } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { begin, mortal, pass, runOf, stepOf, work } from "./driving.ts";

const none = z.strictObject({});
const hour = 3600;
const day = 24 * hour;

/** A pipeline that waits for some seconds and then counts on. */
const napping = definePipeline(
  { name: "napping", params: z.strictObject({ seconds: z.number() }) },
  (build) => {
    const { params, step } = build;
    const woken = step("nap", wait({ seconds: params.seconds }));
    step(
      "after",
      lambda({ woken }, ({ woken }) => woken),
    );
  },
);
const until = definePipeline({ name: "until", params: z.string() }, ({ params, step }) => {
  step("nap", wait({ until: params }));
});

describe("a wait", () => {
  it.each([0, 0.5, 60, 900, 901, 3 * day, 300 * day])(
    "of %d seconds takes that long, and returns the time",
    async (seconds) => {
      const { milliseconds, outputs } = await testPipeline(napping, { params: { seconds } });
      expect(Math.abs(milliseconds / 1000 - seconds)).toBeLessThan(2);
      expect(Date.parse(String(outputs.nap)) - Date.parse("2021-01-01T00:00:00Z")).toBeCloseTo(
        seconds * 1000,
        -3,
      );
      expect(outputs.after).toBe(outputs.nap);
    },
  );

  // Each copy of a hint that is sent on is sent on too. The simulation, seed 3001397, had 100,000 copies.
  it("longer than a message can be delayed has no hint in flight until its time is near", async () => {
    const memory = new MemoryEngine([napping]);
    const runId = await begin(memory, "napping", { params: { seconds: 10 * hour } });
    const end = memory.clock.now() + 10 * hour * 1000;
    for (let hours = 0; hours < 9; hours += 1) {
      await pass(memory, hour);
      expect(memory.queue.messages()).toEqual([]);
    }
    expect(await stepOf(memory, runId, "nap")).toMatchObject({
      state: "RUNNING",
      holder: "clock",
      attempt: 1,
    });
    await pass(memory, hour - 30);
    const hints = memory.queue.messages();
    expect([1, 2]).toContain(hints.length);
    for (const { receivableAt } of hints) expect(Math.abs(receivableAt - end)).toBeLessThan(2000);
    await pass(memory, 32);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("ignores a hint that arrives early", async () => {
    const memory = new MemoryEngine([napping]);
    const runId = await begin(memory, "napping", { params: { seconds: 600 } });
    await work(memory);
    const own = memory.queue.messages();
    expect(own).toHaveLength(1);
    await memory.queue.send([{ runId, step: "nap", index: 0, epoch: 1 }]);
    await work(memory);
    expect(memory.queue.messages()).toEqual(own);
  });

  it.each([600, 2 * hour])(
    "of %d seconds whose hints are all lost is ended by the sweep",
    async (seconds) => {
      const memory = new MemoryEngine([napping]);
      const runId = await begin(memory, "napping", { params: { seconds } });
      await work(memory);
      memory.clock.moveTo(memory.clock.now() + 3 * hour * 1000);
      memory.queue.receive(100);
      await sweepRuns(memory.engine);
      await work(memory);
      expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    },
  );

  it.each(["before", "after"] as const)(
    "isn't restarted when its worker dies on waking, %s a call",
    async (when) => {
      for (let at = 1; ; at += 1) {
        const memory = new MemoryEngine([napping]);
        const runId = await begin(memory, "napping", { params: { seconds: 3 * day } });
        await work(memory);
        const began = memory.clock.now();
        memory.clock.moveTo(began + 3 * day * 1000);
        const { engine, life } = mortal(memory.engine, at, when);
        const hint = { runId, step: "nap", index: 0, epoch: 1 };
        await handleStepMessage(engine, hint, Number.POSITIVE_INFINITY).catch(() => undefined);
        await pass(memory, hour);
        expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
        if (!life.died) break;
      }
    },
  );

  it.each([
    ["a future time, in another time zone", "2021-01-03T02:00:00+02:00", 2 * day],
    ["a past time", "2020-12-31T23:59:59Z", 0],
  ])("until %s ends then", async (_what, time, seconds) => {
    const { milliseconds, outputs } = await testPipeline(until, { params: time });
    expect(Math.abs(milliseconds / 1000 - seconds)).toBeLessThan(2);
    expect(outputs.nap).toBe(new Date(time).toISOString());
  });

  it.each([
    ["an invalid time", "tomorrow", "a wait takes seconds"],
    ["more than a year", "2023-01-01T00:00:00Z", "more than a year"],
  ])("until %s fails at once with the reason", async (_what, time, message) => {
    const { error, milliseconds } = await testPipeline(until, { params: time });
    expect(error).toMatchObject({
      step: "nap",
      name: "InvalidInput",
      message: expect.stringContaining(message),
    });
    expect(milliseconds).toBeLessThan(1000);
  });

  it("of a negative time fails, even if a step returned the number", async () => {
    const { error } = await testPipeline(napping, { params: { seconds: -1 } });
    expect(error).toMatchObject({ step: "nap", name: "InvalidInput" });
  });

  it.each([0, 1, 250])("is mapped over %i times, each for its own time", async (size) => {
    const list = Array.from({ length: size }, (_, place) => (size - place) * 60);
    const pipeline = definePipeline({ name: "naps", params: z.array(z.number()) }, ({ params, map }) => {
      const times = map("nap", params, (seconds) => wait({ seconds }));
      map("after", times, (time) => lambda({ time }, ({ time }) => time));
    });
    const { outputs, milliseconds } = await testPipeline(pipeline, { params: list });
    const woken = outputs.nap as string[];
    expect(woken).toHaveLength(size);
    expect([...woken].sort().reverse()).toEqual(woken);
    expect(outputs.after).toEqual(woken);
    expect(Math.abs(milliseconds / 1000 - size * 60)).toBeLessThan(5);
  });

  it("continues in a paused run, and the next step begins when the run is resumed", async () => {
    const memory = new MemoryEngine([napping]);
    const runId = await begin(memory, "napping", { params: { seconds: hour } });
    await pass(memory, 60);
    await pauseRun(memory.engine, runId);
    await pass(memory, 5 * hour);
    expect((await stepOf(memory, runId, "nap")).state).toBe("RUNNING");
    await resumeRun(memory.engine, runId);
    await pass(memory, 5);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("is ended by a cancel at once, and takes its full time again after a retry", async () => {
    const memory = new MemoryEngine([napping]);
    const runId = await begin(memory, "napping", { params: { seconds: 2 * hour } });
    await pass(memory, hour);
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLED");
    expect((await stepOf(memory, runId, "nap")).state).toBe("CANCELLED");
    await retryRun(memory.engine, runId);
    await pass(memory, 1.5 * hour);
    expect((await stepOf(memory, runId, "nap")).state).toBe("RUNNING");
    await pass(memory, 0.6 * hour);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("ends once, at its time, if its hint arrives twice, early or late", async () => {
    const memory = new MemoryEngine([napping]);
    const runId = await begin(memory, "napping", { params: { seconds: 60 } });
    await work(memory);
    const hint = { runId, step: "nap", index: 0, epoch: 1 };
    for (let times = 0; times < 3; times += 1)
      await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
    expect((await stepOf(memory, runId, "nap")).state).toBe("RUNNING");
    await memory.finish(runId);
    const ended = await memory.store.listSteps(runId);
    await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
    expect(await memory.store.listSteps(runId)).toEqual(ended);
    expect(ended.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});

const month = z.strictObject({ month: z.string(), deadline: z.number().default(1) });
const arriving = definePipeline({ name: "arriving", params: month }, ({ params, step }) => {
  const file = step("file", wait({ object: text`raw/ridge/${params.month}.csv`, deadline: 3 * day }));
  step(
    "size",
    lambda({ file }, ({ file }) => file.bytes),
  );
});
const october = { key: "raw/ridge/october.csv", body: "1,2,3" };
const params = { month: "october" };

describe("a wait for an object", () => {
  it.each([
    ["that is already there ends at once", 0],
    ["that comes later ends by its event", 2 * hour],
    ["that comes days later ends by its event", 2 * day],
  ])("%s", async (_what, afterSeconds) => {
    const { outputs, milliseconds } = await testPipeline(arriving, {
      params,
      objects: [{ ...october, afterSeconds }],
    });
    expect(outputs).toEqual({
      file: { uri: "s3://data/raw/ridge/october.csv", bytes: 5, versionId: "1" },
      size: 5,
    });
    expect(Math.abs(milliseconds / 1000 - afterSeconds)).toBeLessThan(1);
  });

  it("ignores other objects", async () => {
    const objects = ["raw/ridge/october.csv.tmp", "raw/ridge/octobe", "raw/other/october.csv"].map((key) => ({
      ...{ key, body: "", afterSeconds: 60 },
    }));
    const { error, states } = await testPipeline(arriving, { params, objects });
    expect(states).toEqual({ file: "TIMED_OUT" });
    expect(error).toMatchObject({
      step: "file",
      name: "ObjectMissing",
      message: expect.stringContaining(`did not arrive within ${3 * day} s`),
    });
  });

  it("whose event is lost ends by the sweep", async () => {
    const memory = new MemoryEngine([arriving]);
    const runId = await begin(memory, "arriving", { params });
    await pass(memory, hour);
    await memory.objects.put("s3://data/raw/ridge/october.csv", "1,2,3", "text/csv");
    await pass(memory, 200);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("ends at its deadline, seconds or days away", async () => {
    // A near deadline has a hint of its own; a far one is left to the sweep.
    for (const [deadline, late] of [
      [30, 1],
      [3 * day, 200],
    ] as const) {
      const pipeline = definePipeline({ name: "late", params: none }, ({ step }) => {
        step("file", wait({ object: "raw/never", deadline }));
      });
      const { milliseconds, states } = await testPipeline(pipeline);
      expect(states).toEqual({ file: "TIMED_OUT" });
      expect(milliseconds / 1000).toBeGreaterThanOrEqual(deadline);
      expect(milliseconds / 1000).toBeLessThan(deadline + late);
    }
  });

  it("waits again after a retry by hand, with a new deadline", async () => {
    const memory = new MemoryEngine([arriving]);
    const runId = await begin(memory, "arriving", { params });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    await retryRun(memory.engine, runId);
    await pass(memory, 2 * day);
    expect(await stepOf(memory, runId, "file")).toMatchObject({ state: "RUNNING", epoch: 2 });
    await memory.objects.put("s3://data/raw/ridge/october.csv", "1,2,3", "text/csv");
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("for an object outside of raw/ fails at once, and names the prefix that is watched", async () => {
    const pipeline = definePipeline({ name: "elsewhere", params: none }, ({ step }) => {
      step("file", wait({ object: "runs/x/output.json", deadline: day }));
    });
    const { error, milliseconds } = await testPipeline(pipeline);
    expect(error).toMatchObject({
      name: "InvalidInput",
      message: expect.stringContaining("is a key under raw/"),
    });
    expect(milliseconds).toBeLessThan(1000);
  });

  it("for a key that S3 cannot have fails at once, and says what is allowed", async () => {
    const pipeline = definePipeline({ name: "long", params: none }, ({ step }) => {
      step("file", wait({ object: `raw/${"x".repeat(1021)}`, deadline: day }));
    });
    const { error, milliseconds } = await testPipeline(pipeline);
    expect(error?.message).toContain("of up to 1024 characters");
    expect(milliseconds).toBeLessThan(1000);
  });

  it.each([1, 230])("is mapped over %i objects, and returns them in the list's order", async (size) => {
    const keys = Array.from({ length: size }, (_, place) => `raw/part ${size - place}`);
    const pipeline = definePipeline(
      { name: "parts", params: z.array(z.string()) },
      ({ params, map, step }) => {
        const files = map("file", params, (object) => wait({ object, deadline: day }));
        step(
          "uris",
          lambda({ files: flatten([files]) }, ({ files }) => files.map(({ uri }) => uri)),
        );
      },
    );
    const objects = keys.map((key, place) => ({ key, body: "x", afterSeconds: place % 7 }));
    const { outputs } = await testPipeline(pipeline, { params: keys, objects });
    expect(outputs.uris).toEqual(keys.map((key) => `s3://data/${key}`));
  });

  it("is ended by a cancel, and an object that arrives later starts nothing", async () => {
    const memory = new MemoryEngine([arriving]);
    const runId = await begin(memory, "arriving", { params });
    await pass(memory, 60);
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLED");
    await memory.objects.put("s3://data/raw/ridge/october.csv", "1,2,3", "text/csv");
    await pass(memory, hour);
    expect((await memory.store.listSteps(runId)).map(({ step, state }) => `${step} ${state}`)).toEqual([
      "file CANCELLED",
    ]);
  });
});
