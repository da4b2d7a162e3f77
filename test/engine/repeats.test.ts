import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { pauseRun, resumeRun } from "../../shared/operate/pause-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  and,
  batch,
  defineJob,
  definePipeline,
  gte,
  lambda,
  not,
  type Ref,
  repeat,
  type StepOptions,
} from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { begin, mortal, pass, runOf, stepOf, work } from "./driving.ts";

const hour = 3600;
const tune = defineJob("demo.tune", {
  input: z.object({ seed: z.number() }),
  output: z.object({ score: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const goal = z.strictObject({ goal: z.number().default(3) });

type Work = (call: number, attempt: number) => unknown;
type Options = { limit?: number; delay?: number; step?: StepOptions; work?: Work };

/** A function that repeats until it was called often enough. */
function polling({
  limit = 10,
  delay = 0,
  step: stepOptions = {},
  work: does = (call) => call,
}: Options = {}) {
  const calls = { count: 0 };
  const pipeline = definePipeline({ name: "polling", params: goal }, ({ params, step }) => {
    const polled = step(
      "poll",
      repeat(
        lambda({}, (_input, { attempt }) => {
          calls.count += 1;
          return { seen: does(calls.count, attempt) as number };
        }),
        { until: ({ seen }) => gte(seen, params.goal), limit, delay },
      ),
      stepOptions,
    );
    step(
      "after",
      lambda({ polled }, ({ polled }) => polled.seen),
    );
  });
  return { pipeline, calls };
}

describe("a repeated function", () => {
  it("runs until its condition holds, and returns the last result", async () => {
    const { pipeline, calls } = polling();
    const { outputs } = await testPipeline(pipeline);
    expect(outputs).toEqual({ poll: { seen: 3 }, after: 3 });
    expect(calls.count).toBe(3);
  });

  it("whose condition holds at once runs once", async () => {
    const { pipeline, calls } = polling();
    await testPipeline(pipeline, { params: { goal: 1 } });
    expect(calls.count).toBe(1);
  });

  it("pauses between its passes, and shows how many it has made", async () => {
    const { pipeline, calls } = polling({ delay: hour });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "polling");
    await pass(memory, 1.5 * hour);
    expect(await stepOf(memory, runId, "poll")).toMatchObject({ state: "RUNNING", passes: 2, attempt: 2 });
    expect(calls.count).toBe(2);
    await pass(memory, 0.6 * hour);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(await stepOf(memory, runId, "poll")).toMatchObject({ attempt: 3 });
  });

  it.each([1, 2, 5])("that reaches its limit of %i passes fails with that reason", async (limit) => {
    const { pipeline, calls } = polling({ limit, step: { retries: 3 } });
    const { error } = await testPipeline(pipeline, { params: { goal: 99 } });
    expect(error).toMatchObject({
      step: "poll",
      name: "RepeatLimit",
      message: `its condition was still false after ${limit} passes`,
      remedy: expect.stringContaining("Raise the limit"),
    });
    expect(calls.count).toBe(limit);
  });

  it("is retried when a pass fails, and a failed pass doesn't count as a pass", async () => {
    const fails = (call: number) => {
      if (call === 2) throw new Error("not reachable");
      return call;
    };
    const { pipeline, calls } = polling({ limit: 3, step: { retries: { limit: 1, delay: 5 } }, work: fails });
    const { outputs, states } = await testPipeline(pipeline, { params: { goal: 4 } });
    expect([states.poll, outputs.after, calls.count]).toEqual(["SUCCEEDED", 4, 4]);
  });

  it("has all of its retries for each pass", async () => {
    const everySecond = (call: number) => {
      if (call % 2 === 0) throw new Error("not reachable");
      return call;
    };
    const { pipeline, calls } = polling({ limit: 4, step: { retries: 1 }, work: everySecond });
    const { states } = await testPipeline(pipeline, { params: { goal: 7 } });
    expect([states.poll, calls.count]).toEqual(["SUCCEEDED", 7]);
  });

  it("fails when a pass fails more often than its retries allow", async () => {
    const { pipeline, calls } = polling({
      ...{ delay: 1, step: { retries: { limit: 1, delay: 1 } } },
      work: (call) => {
        if (call > 1) throw new Error("gone");
        return call;
      },
    });
    const { error } = await testPipeline(pipeline);
    expect(error).toMatchObject({ step: "poll", message: "gone" });
    expect(calls.count).toBe(3);
  });

  it.each<[string, unknown, (result: Ref<{ seen: number }>) => Ref<boolean>, string]>([
    ["compares values without an order", "three", ({ seen }) => gte(seen, 3), 'cannot order "three" and 3'],
    [
      "reads a missing field",
      1,
      (result) => gte((result as unknown as { x: Ref<number> }).x, 3),
      'result has no field "x"',
    ],
    [
      "isn't boolean",
      1,
      ({ seen }) => seen as unknown as Ref<boolean>,
      "the condition of its repeat gave 1; it must be true or false",
    ],
    [
      "has an operand that isn't boolean",
      1,
      ({ seen }) => and(not(seen as unknown as Ref<boolean>)),
      "it must be true or false",
    ],
  ])("whose condition %s fails at once with the reason", async (_what, seen, until, message) => {
    const calls = { count: 0 };
    const pipeline = definePipeline({ name: "odd", params: goal }, ({ step }) => {
      const body = lambda({}, () => {
        calls.count += 1;
        return { seen: seen as number };
      });
      step("poll", repeat(body, { until, limit: 5 }), { retries: 2 });
    });
    const { error } = await testPipeline(pipeline);
    expect(error).toMatchObject({
      step: "poll",
      name: "ExpressionError",
      message: expect.stringContaining(message),
    });
    expect(calls.count).toBe(1);
  });

  it("restarts with its first pass when the run is retried by hand", async () => {
    const { pipeline, calls } = polling({ limit: 3 });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "polling", { params: { goal: 5 } });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls.count).toBe(5);
    expect(await stepOf(memory, runId, "poll")).toMatchObject({ epoch: 2, attempt: 2, passes: 1 });
  });

  it("can be cancelled and paused between two passes", async () => {
    const { pipeline, calls } = polling({ delay: hour });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "polling");
    await pass(memory, 60);
    await pauseRun(memory.engine, runId);
    await pass(memory, 5 * hour);
    expect(calls.count).toBe(1);
    await resumeRun(memory.engine, runId);
    await pass(memory, 10);
    expect(calls.count).toBe(2);
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLED");
    await pass(memory, 5 * hour);
    expect(calls.count).toBe(2);
  });

  it("makes each pass once if the hint between two passes is lost or repeated", async () => {
    for (const lost of [true, false]) {
      const { pipeline, calls } = polling({ delay: 60 });
      const memory = new MemoryEngine([pipeline]);
      const runId = await begin(memory, "polling");
      const hint = { runId, step: "poll", index: 0, epoch: 1 };
      for (let round = 0; round < 100; round += 1) {
        memory.clock.moveTo(memory.clock.now() + 20_000);
        const messages = memory.queue.receive(100);
        const delivered = lost ? (round % 5 === 0 ? messages : []) : [...messages, hint, hint];
        for (const message of delivered)
          await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
        await sweepRuns(memory.engine);
      }
      expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
      expect(calls.count).toBe(3);
    }
  });

  it.each(["before", "after"] as const)(
    "whose worker dies %s any call continues with the pass that it was at",
    async (when) => {
      for (let at = 1; ; at += 1) {
        const { pipeline } = polling({ work: (_call, attempt) => attempt });
        const memory = new MemoryEngine([pipeline]);
        const runId = await begin(memory, "polling");
        const { engine, life } = mortal(memory.engine, at, when);
        while (!life.died) {
          memory.clock.moveTo(memory.clock.now() + 1000);
          const messages = memory.queue.receive();
          if (messages.length === 0) break;
          for (const message of messages)
            await handleStepMessage(engine, message, Number.POSITIVE_INFINITY).catch(() => undefined);
        }
        await pass(memory, hour);
        expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
        // A lost attempt counts as an attempt, but not as a pass.
        const record = await stepOf(memory, runId, "poll");
        expect(record.passes ?? 0).toBeLessThanOrEqual(2);
        if (!life.died) break;
      }
    },
  );
});

describe("a repeated job", () => {
  /** A job whose score grows by one each time it runs with the same seed. */
  function tuning(limit = 5, delay = 0) {
    const runs: Record<number, number> = {};
    const pipeline = definePipeline({ name: "tuning", params: z.array(z.number()) }, ({ params, map }) => {
      const scores = map("tune", params, (seed) =>
        repeat(batch(tune, { seed }), { until: ({ score }) => gte(score, 3), limit, delay }),
      );
      map("after", scores, ({ score }) => lambda({ score }, ({ score }) => score));
    });
    const jobs = {
      "demo.tune": (input: unknown) => {
        const { seed } = input as { seed: number };
        runs[seed] = (runs[seed] ?? 0) + 1;
        return { score: runs[seed] + seed };
      },
    };
    return { pipeline, jobs, runs };
  }

  it.each([[[0]], [[0, 1, 2]], [[]]])(
    "over the seeds %j submits its own job for each pass",
    async (params) => {
      const { pipeline, jobs, runs } = tuning();
      const { outputs, state } = await testPipeline(pipeline, { params, jobs });
      expect(state).toBe("SUCCEEDED");
      expect(outputs).toEqual({ tune: params.map(() => ({ score: 3 })), after: params.map(() => 3) });
      expect(runs).toEqual(Object.fromEntries(params.map((seed) => [seed, 3 - seed])));
    },
  );

  it("that reaches its limit fails with that reason", async () => {
    const { pipeline, jobs } = tuning(2);
    const { error } = await testPipeline(pipeline, { params: [0, 2], jobs });
    expect(error).toMatchObject({ step: "tune[0]", name: "RepeatLimit" });
  });

  it("whose events repeat counts each pass once", async () => {
    const { pipeline, jobs, runs } = tuning(3, 600);
    const memory = new MemoryEngine([pipeline], jobs);
    const runId = await begin(memory, "tuning", { params: [0] });
    for (let round = 0; round < 200; round += 1) {
      if ((await runOf(memory, runId)).state !== "RUNNING") break;
      memory.clock.moveTo(memory.clock.now() + 1000);
      for (const message of memory.queue.receive()) {
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      }
      const events = memory.batch.takeEvents();
      for (const event of [...events, ...events, ...events]) await handleJob(memory.engine, event);
      if (events.length > 0) continue;
      if (memory.batch.waiting().length > 0) await memory.turn();
      else memory.clock.moveTo(memory.queue.nextAt() ?? memory.clock.now());
    }
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(runs).toEqual({ 0: 3 });
  });

  it("whose worker died while it recorded a pass continues when the event is repeated", async () => {
    const { pipeline, jobs, runs } = tuning(3, 600);
    const memory = new MemoryEngine([pipeline], jobs);
    const runId = await begin(memory, "tuning", { params: [0] });
    await work(memory);
    while (memory.batch.waiting().length > 0) await memory.turn();
    const [event] = memory.batch.takeEvents().filter(({ state }) => state === "SUCCEEDED");
    if (event === undefined) throw new Error("the job has not ended");
    const deaf = { ...memory.engine, queue: { send: () => Promise.reject(new Error("the worker died")) } };
    await expect(handleJob(deaf, event)).rejects.toThrow("died");
    await handleJob(memory.engine, event);
    expect(memory.queue.messages()).toHaveLength(1);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(runs).toEqual({ 0: 3 });
  });
});
