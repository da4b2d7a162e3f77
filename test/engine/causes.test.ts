import * as z from "zod";
import type { JobExit } from "../../shared/adapters/memory/memory-batch-service.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  batch,
  defineJob,
  definePipeline,
  FatalError,
  lambda,
  RetryAfter,
  type StepOptions,
} from "../../shared/pipeline/index.ts";
import { JobRejectedError } from "../../shared/ports/batch-service.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { lossLimits } from "../../shared/state/failure.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";

const none = z.strictObject({});
const named = (name: string, message = name) => Object.assign(new Error(message), { name });

/** A function that throws the given errors, one after the other, and then succeeds. It records when it was called. */
function throwing(errors: readonly unknown[], retries: NonNullable<StepOptions["retries"]>) {
  const left = [...errors];
  const seconds: number[] = [];
  const clock: { now?: () => number } = {};
  const pipeline = definePipeline({ name: "throwing", params: none }, ({ step }) => {
    step(
      "work",
      lambda({}, () => {
        seconds.push((clock.now?.() ?? 0) / 1000);
        if (left.length > 0) throw left.shift();
        return "done";
      }),
      { retries },
    );
  });
  const memory = new MemoryEngine([pipeline]);
  clock.now = () => memory.clock.now();
  /** Runs for this many seconds, and returns the gaps between the function's calls. */
  const gaps = async (maxSeconds = 7200) => {
    const runId = await begin(memory, "throwing");
    await pass(memory, maxSeconds);
    const between = seconds.slice(1).map((at, place) => Math.round(at - (seconds[place] ?? 0)));
    return { between, run: await runOf(memory, runId), step: await stepOf(memory, runId, "work") };
  };
  return { memory, gaps };
}

const errors = (count: number) => Array.from({ length: count }, (_, place) => new Error(String(place)));

describe("a function that fails", () => {
  it.each<[string, NonNullable<StepOptions["retries"]>, number[]]>([
    ["a fixed delay", { limit: 3, delay: 40 }, [40, 40, 40]],
    ["listed delays, the last of which repeats", { limit: 4, delay: [1, 10, 100] }, [1, 10, 100, 100]],
    // Each time, the jitter draws half of the maximum.
    [
      "growing delays with jitter, up to the maximum",
      { limit: 5, delay: { base: 20, factor: 3, max: 300 } },
      [10, 30, 90, 150, 150],
    ],
    ["a delay longer than a message can have", { limit: 1, delay: 2000 }, [2000]],
    ["no delay", { limit: 2, delay: 0 }, [0, 0]],
  ])("is retried after %s", async (_what, retries, expected) => {
    const { between, run } = await throwing(errors(expected.length), retries).gaps();
    expect(between).toEqual(expected);
    expect(run.state).toBe("SUCCEEDED");
  });

  it("is retried up to its limit, and then fails with its last error", async () => {
    const { between, run, step } = await throwing(errors(9), { limit: 2, delay: 1 }).gaps();
    expect(between).toHaveLength(2);
    expect(run).toMatchObject({ state: "FAILED", error: { step: "work", message: "2" } });
    expect(step).toMatchObject({ state: "FAILED", attempt: 3, failures: 2 });
  });

  it("with an unlisted error fails at once; with a listed one it is retried", async () => {
    const retries = { limit: 5, delay: 1, on: ["Busy", "TimeoutError"] };
    const { between, run } = await throwing([named("Busy"), named("Busy"), named("Wrong")], retries).gaps();
    expect(between).toEqual([1, 1]);
    expect(run).toMatchObject({ state: "FAILED", error: { name: "Wrong" } });
  });

  it("with a FatalError is not retried, even if its error is listed", async () => {
    const retries = { limit: 5, delay: 1, on: ["FatalError"] };
    const { between, run } = await throwing([new FatalError("no use")], retries).gaps();
    expect(between).toEqual([]);
    expect(run).toMatchObject({ state: "FAILED", error: { name: "FatalError", message: "no use" } });
  });

  it("with RetryAfter is retried at that time, which uses one of its retries", async () => {
    const asked = [new RetryAfter("busy", 1000), new RetryAfter("busy", 5), new RetryAfter("busy", 5)];
    const { between, run } = await throwing(asked, { limit: 2, delay: 77 }).gaps();
    expect(between).toEqual([1000, 5]);
    expect(run).toMatchObject({ state: "FAILED", error: { name: "RetryAfter" } });
  });

  it("records where the error was thrown and where the worker's log is", async () => {
    const failing = throwing([new Error("no")], 0);
    const { memory } = failing;
    memory.engine = { ...memory.engine, logPlace: "/aws/lambda/millrace-dev-step:2026/11/21/[$LATEST]0123" };
    expect((await failing.gaps()).step).toMatchObject({
      error: {
        stack: [expect.stringContaining("causes.test"), ...Array(5).fill(expect.any(String))],
        log: memory.engine.logPlace,
      },
    });
  });

  it("because AWS throttled it is retried up to the throttling limit, without using its own retries", async () => {
    const many = Array.from({ length: 20 }, () => named("ThrottlingException", "Rate exceeded"));
    const max = lossLimits.throttling;
    const once = await throwing(many.slice(0, max), 0).gaps();
    expect(once.step).toMatchObject({ state: "SUCCEEDED", failures: 0, losses: { throttling: max } });
    const always = await throwing(many, { limit: 3, on: ["Other"] }).gaps();
    expect(always.step).toMatchObject({
      ...{ state: "FAILED", attempt: max + 1, failures: 0 },
      error: { name: "ThrottlingException", message: expect.stringMatching(/Rate exceeded .loss 11 /) },
    });
  });

  it("with RetryAfter of a thousand years is retried after a week", async () => {
    const { memory } = throwing([new RetryAfter("later", 1e306)], 1);
    const runId = await begin(memory, "throwing");
    await work(memory);
    const week = 7 * 24 * 3600_000;
    expect(await stepOf(memory, runId, "work")).toMatchObject({ retryAt: memory.clock.now() + week });
  });

  it("by throwing a value that isn't an error fails with that value", async () => {
    const { run } = await throwing(["just text"], 0).gaps();
    expect(run).toMatchObject({ state: "FAILED", error: { name: "Error", message: "just text" } });
  });
});

const crunch = defineJob("demo.crunch", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: [1024, 2048, 4096] },
});

/** One job, or a map of jobs, whose attempts end as the test says. */
function jobs(list: readonly number[] | undefined, retries: NonNullable<StepOptions["retries"]>) {
  const pipeline = definePipeline({ name: "jobs", params: none }, ({ step, map }) => {
    if (list === undefined) step("crunch", batch(crunch, { n: 1 }), { retries });
    else map("crunch", list, (n) => batch(crunch, { n }), { retries });
  });
  const memory = new MemoryEngine([pipeline], { "demo.crunch": (input) => input });
  const sizes: [index: string, memory: number][] = [];
  const submit = memory.batch.submit.bind(memory.batch);
  memory.batch.submit = (job) => {
    sizes.push([job.environment.MILLRACE_INDICES ?? "", job.resources.memory]);
    return submit(job);
  };
  /** Ends the run's next job, or the job at a place in an array. */
  const end = async (exit: JobExit, place = 0) => {
    for (let wait = 0; memory.batch.waiting().length <= place && wait < 100; wait += 1)
      await pass(memory, 60);
    const job = memory.batch.waiting()[place];
    if (job === undefined) throw new Error("no job waits");
    memory.batch.begin(job.id);
    memory.batch.finish(job.id, exit);
    await work(memory);
  };
  return { memory, sizes, end };
}

const ends = {
  spot: { statusReason: "Host EC2 (instance i-0abc) terminated." },
  image: { statusReason: "Task failed to start", containerReason: "CannotPullContainerError: not found" },
  start: { statusReason: "Task failed to start" },
  capacity: { statusReason: "RUNNABLE for 3600 s: no machine that fits the job's resources came up" },
  memory: { exitCode: 137, containerReason: "OutOfMemoryError: Container killed due to memory usage" },
} as const satisfies Record<string, JobExit>;

describe("an attempt that is lost", () => {
  it.each([
    ["spot", "SpotInterruption"],
    ["image", "ImagePullFailed"],
    ["start", "TaskStartFailed"],
    ["capacity", "NoCapacity"],
  ] as const)(
    "to %s is retried up to the limit and fails as %s, with all retries left",
    async (cause, name) => {
      const { memory, end } = jobs(undefined, { limit: 1, delay: 1 });
      const runId = await begin(memory, "jobs");
      for (let lost = 1; lost <= lossLimits[cause]; lost += 1) {
        await end(ends[cause]);
        const step = await stepOf(memory, runId, "crunch");
        expect(step).toMatchObject({
          state: "RETRYING",
          failures: 0,
          losses: { [cause]: lost },
          error: { name },
        });
      }
      await end(ends[cause]);
      expect(await stepOf(memory, runId, "crunch")).toMatchObject({
        state: "FAILED",
        failures: 0,
        error: { name },
      });
      const message = expect.stringMatching(
        `loss ${lossLimits[cause] + 1} of this kind; more than ${lossLimits[cause]} end`,
      );
      expect(await runOf(memory, runId)).toMatchObject({ state: "FAILED", error: { name, message } });
    },
  );

  it("to its own time limit uses a retry, and ends as TIMED_OUT", async () => {
    const { memory, end } = jobs(undefined, { limit: 1, delay: 1, on: ["TimeoutError"] });
    const runId = await begin(memory, "jobs");
    const timeout = { statusReason: "Job attempt duration exceeded timeout" };
    await end(timeout);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ state: "RETRYING", failures: 1 });
    await end(timeout);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "TIMED_OUT",
      error: {
        name: "TimeoutError",
        code: "TIMEOUT",
        remedy: expect.stringContaining("Raise the step's timeout"),
      },
    });
    expect((await runOf(memory, runId)).state).toBe("FAILED");
  });

  it("to a queue that no machine can ever serve fails at once", async () => {
    const { memory, end } = jobs(undefined, 5);
    const runId = await begin(memory, "jobs");
    await end({ statusReason: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large" });
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "FAILED",
      attempt: 1,
      error: { name: "Misconfigured" },
    });
  });

  it("before it began, because Batch rejects its job for good, fails at once with a remedy", async () => {
    const { memory } = jobs(undefined, 5);
    memory.batch.submit = () => Promise.reject(new JobRejectedError("no definition demo"));
    const runId = await begin(memory, "jobs");
    await work(memory);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "FAILED",
      attempt: 1,
      error: {
        name: "JobRejected",
        message: "AWS Batch rejected the job: no definition demo",
        remedy: expect.stringContaining("retry the run"),
      },
    });
  });

  it("to one cause leaves the limits of other causes and the step's own retries unchanged", async () => {
    const { memory, end } = jobs(undefined, { limit: 1, delay: 1 });
    const runId = await begin(memory, "jobs");
    for (const cause of ["image", "capacity", "spot", "image", "capacity", "image"] as const)
      await end(ends[cause]);
    await end({ exitCode: 3 });
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "RETRYING",
      attempt: 7,
      failures: 1,
      losses: { image: 3, capacity: 2, spot: 1 },
      error: { name: "JobFailed" },
    });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("because Batch forgot its job is retried up to the limit and fails as JobLost", async () => {
    const { memory } = jobs(undefined, { limit: 0, delay: 1 });
    const runId = await begin(memory, "jobs");
    const describeJobs = memory.batch.describe.bind(memory.batch);
    memory.batch.describe = async () => [];
    await pass(memory, 300);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      failures: 0,
      losses: { job: expect.any(Number) },
    });
    await pass(memory, 3600);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "FAILED",
      attempt: lossLimits.job + 1,
      failures: 0,
      losses: { job: lossLimits.job },
      error: { name: "JobLost" },
    });
    memory.batch.describe = describeJobs;
  });

  it("in one epoch doesn't count in the next", async () => {
    const { memory, end } = jobs(undefined, 0);
    const runId = await begin(memory, "jobs");
    for (let lost = 0; lost <= lossLimits.capacity; lost += 1) await end(ends.capacity);
    expect((await runOf(memory, runId)).state).toBe("FAILED");
    await retryRun(memory.engine, runId);
    await end(ends.capacity);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "RETRYING",
      losses: { capacity: 1 },
    });
  });
});

describe("a job that runs out of memory", () => {
  it("gets its next larger size each time, and at the largest fails like any job", async () => {
    const { memory, sizes, end } = jobs(undefined, { limit: 1, delay: 1 });
    const runId = await begin(memory, "jobs");
    for (let attempt = 0; attempt < 4; attempt += 1) await end(ends.memory);
    expect(sizes.map(([, size]) => size)).toEqual([1024, 2048, 4096, 4096]);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "FAILED",
      failures: 1,
      losses: { memory: 2 },
      error: { name: "OutOfMemory" },
    });
  });

  it("keeps its size when it fails or is lost to something else", async () => {
    const { memory, sizes, end } = jobs(undefined, { limit: 1, delay: 1 });
    const runId = await begin(memory, "jobs");
    for (const exit of [ends.memory, ends.spot, { exitCode: 3 }, ends.memory]) await end(exit);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(sizes.map(([, size]) => size)).toEqual([1024, 2048, 2048, 2048, 4096]);
  });

  it("as a child of an array gets more memory alone; the other children don't", async () => {
    const { memory, sizes, end } = jobs([5, 6, 7], 0);
    const runId = await begin(memory, "jobs");
    await end(ends.memory, 1);
    await end(ends.memory, 2);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(sizes).toEqual([
      ["0-2", 1024],
      ["1", 2048],
      ["1", 4096],
    ]);
    expect(await stepOf(memory, runId, "crunch", 1)).toMatchObject({ failures: 0, losses: { memory: 2 } });
  });
});

describe("a store that throttles", () => {
  /** An engine whose store refuses `times` calls, starting with call number `from`. */
  function throttled(engine: Engine, from: number, times: number) {
    const seen = { calls: 0, refused: 0 };
    const store = new Proxy(engine.store, {
      get(target, key, receiver) {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          seen.calls += 1;
          if (seen.calls >= from && seen.refused < times) {
            seen.refused += 1;
            throw named("ThrottlingException", "slow down");
          }
          return member.apply(target, args);
        };
      },
    });
    return { engine: { ...engine, store }, seen };
  }

  /** An engine whose store fails at one call, and then works again. */
  function failing(engine: Engine, at: number) {
    const seen = { calls: 0, failed: false };
    const store = new Proxy(engine.store, {
      get(target, key, receiver) {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          seen.calls += 1;
          if (seen.calls !== at) return member.apply(target, args);
          seen.failed = true;
          throw named("InternalServerError", "an error of AWS's own");
        };
      },
    });
    return { engine: { ...engine, store }, seen };
  }

  it("at any call of a handler causes a redelivery; no attempt, retry or lost worker is counted", async () => {
    const points = { messages: 0, commits: 0 };
    for (let from = 1; ; from += 1) {
      const { memory } = throwing([], 0);
      const runId = await begin(memory, "throwing");
      const [message] = memory.queue.receive();
      if (message === undefined) throw new Error("no message waits");
      const { engine, seen } = throttled(memory.engine, from, 1);
      const now = memory.clock.now();
      await handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
      if (seen.refused === 0) break;
      const [again] = memory.queue.messages();
      // A result is committed by the worker that has it, once AWS takes it.
      if (again === undefined) points.commits += 1;
      else {
        points.messages += 1;
        expect(again.message).toEqual(message);
        expect(again.receivableAt).toBeGreaterThan(now);
      }
      // The retry doesn't wait for a lease to run out.
      await pass(memory, 25);
      expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
      const { attempt, failures, losses } = await stepOf(memory, runId, "work");
      expect({ attempt, failures, losses }).toEqual({ attempt: 1, failures: 0 });
      // The result is the function's: a released step isn't mistaken for a wait that is over.
      expect(await stepOf(memory, runId, "work")).toMatchObject({ output: { value: "done" } });
    }
    expect(points).toEqual({ messages: expect.any(Number), commits: 1 });
    expect(points.messages).toBeGreaterThan(2);
  });

  it.each([
    ["a job", undefined],
    ["a map of jobs", [1, 2, 3]],
  ])("while %s is submitted still submits it once", async (_what, list) => {
    for (let from = 1; ; from += 1) {
      const { memory } = jobs(list, 0);
      const runId = await begin(memory, "jobs");
      const [message] = memory.queue.receive();
      if (message === undefined) throw new Error("no message waits");
      const { engine, seen } = throttled(memory.engine, from, 1);
      await handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
      if (seen.refused === 0) break;
      await pass(memory, 25);
      expect(memory.batch.submitted()).toHaveLength(1);
      expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
      for (const { attempt, losses } of await memory.store.listSteps(runId))
        expect({ attempt, losses }).toEqual({ attempt: 1 });
    }
  });

  it("at any call after the claim releases the step: the next worker continues without a loss", async () => {
    let points = 0;
    for (let at = 1; ; at += 1) {
      const { memory } = throwing([], 0);
      const runId = await begin(memory, "throwing");
      const [message] = memory.queue.receive();
      if (message === undefined) throw new Error("no message waits");
      const { engine, seen } = failing(memory.engine, at);
      await handleStepMessage(engine, message, Number.POSITIVE_INFINITY).catch(({ name }) =>
        expect(name).toBe("InternalServerError"),
      );
      if (!seen.failed) break;
      await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      const { state, attempt, losses } = await stepOf(memory, runId, "work");
      expect({ state, attempt, losses }).toEqual({ state: "SUCCEEDED", attempt: 1 });
      points += 1;
    }
    expect(points).toBeGreaterThan(3);
  });

  it("for so long that a step can't be committed leaves the step to its lease, and no lost worker is counted", async () => {
    const { memory } = throwing([], 0);
    const runId = await begin(memory, "throwing");
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    const { engine } = throttled(memory.engine, 3, 10_000);
    await handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ holder: "worker", state: "RUNNING" });
    await pass(memory, 600);
    const record = await stepOf(memory, runId, "work");
    expect(record).toMatchObject({ state: "SUCCEEDED", attempt: 1, output: { value: "done" } });
    expect(record).not.toHaveProperty("losses");
  });

  it.each([
    ["fails", { name: "InternalServerError", $metadata: { httpStatusCode: 500, attempts: 3 } }],
    ["cannot be reached", { code: "ENOTFOUND", $metadata: { attempts: 3 } }],
  ])("or %s for hours makes no message a dead letter and uses no attempt", async (_what, facts) => {
    const { memory } = throwing([], 0);
    const runId = await begin(memory, "throwing");
    const [message] = memory.queue.messages();
    const { store } = memory.engine;
    const down = async () => {
      throw Object.assign(new Error("down"), facts);
    };
    memory.engine = { ...memory.engine, store: new Proxy(store, { get: () => down }) };
    for (let minute = 0; minute < 180; minute += 1) {
      memory.clock.moveTo(memory.clock.now() + 60_000);
      await work(memory);
    }
    expect(memory.queue.messages().map((each) => each.message)).toEqual([message?.message]);
    memory.engine = { ...memory.engine, store };
    await pass(memory, 90);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "SUCCEEDED", attempt: 1 });
  });

  it("in a worker's next step leaves that step to a delayed message", async () => {
    const pipeline = definePipeline({ name: "pair", params: none }, ({ step }) => {
      const a = step(
        "a",
        lambda({}, () => 1),
      );
      step(
        "b",
        lambda({ a }, ({ a }) => a + 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "pair");
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async (next, previous) => {
      if (next.step === "b") throw named("ThrottlingException");
      return putStep(next, previous);
    };
    await work(memory);
    expect(memory.queue.nextAt()).toBeGreaterThan(memory.clock.now() + 999);
    memory.store.putStep = putStep;
    await pass(memory, 25);
    expect(await stepOf(memory, runId, "b")).toMatchObject({ state: "SUCCEEDED", attempt: 1 });
  });
});
