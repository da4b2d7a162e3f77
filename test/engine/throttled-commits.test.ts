import * as z from "zod";
import {
  definePipeline,
  eq,
  type Json,
  lambda,
  type Ref,
  repeat,
  type StepOptions,
} from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { noWatchdog, type Watchdog } from "../../shared/ports/watchdog.ts";
import type { StepRecord } from "../../shared/state/step-record.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { Crash, wrapped } from "./crashing-engine.ts";
import { begin, pass, runOf, stepOf } from "./driving.ts";

const none = z.strictObject({});

function throttling(): Error {
  return Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
}

/** What the AWS SDK throws if no answer comes. */
function outage(): Error {
  return Object.assign(new Error("socket hang up"), { $metadata: { attempts: 3 } });
}

/** A pipeline of one step, whose function counts its calls. */
function counted(body: (call: number) => Json, options: StepOptions = {}, isRepeated = false) {
  const calls = { count: 0 };
  const pipeline = definePipeline({ name: "counted", params: none }, ({ step }) => {
    const task = lambda({}, () => {
      calls.count += 1;
      return body(calls.count);
    });
    const until = (result: Ref<number>) => eq(result, 2);
    step(
      "work",
      isRepeated ? repeat(task as Parameters<typeof repeat<number>>[0], { until, limit: 3, delay: 1 }) : task,
      options,
    );
  });
  return { memory: new MemoryEngine([pipeline]), calls };
}

/** Refuses some writes of steps until a virtual time. */
function refuse(
  memory: MemoryEngine,
  seconds: number,
  which: (next: StepRecord) => boolean,
  error: () => Error = throttling,
): Engine {
  const sound = memory.engine;
  const until = memory.clock.now() + seconds * 1000;
  const { store } = memory;
  const putStep: typeof store.putStep = async (next, previous) => {
    if (which(next) && memory.clock.now() < until) throw error();
    return store.putStep(next, previous);
  };
  const refusing = wrapped(store, (call) => call());
  memory.engine = {
    ...sound,
    store: new Proxy(refusing, {
      get: (target, key) => (key === "putStep" ? putStep : Reflect.get(target, key)),
    }),
  };
  return sound;
}

const isEnd = (next: StepRecord) => "endedAt" in next || next.state === "RETRYING" || "wakeAt" in next;

describe.each([
  ["that is throttled", throttling],
  ["that gets no answer", outage],
])("a commit %s", (_what, error) => {
  it.each([20, 600])("for %s s is made later, and the function does not run again", async (seconds) => {
    const { memory, calls } = counted(() => "made");
    const runId = await begin(memory, "counted");
    refuse(memory, seconds, isEnd, error);
    await pass(memory, seconds + 900);
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      ...{ state: "SUCCEEDED", attempt: 1, output: { value: "made" } },
    });
    expect(await stepOf(memory, runId, "work")).not.toHaveProperty("losses");
    expect(calls.count).toBe(1);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("of a failure counts as that failure, and not as a lost worker", async () => {
    const fail = () => {
      throw new Error("its own");
    };
    const { memory, calls } = counted(fail, { retries: { limit: 1, delay: 1 } });
    const runId = await begin(memory, "counted");
    refuse(memory, 600, isEnd, error);
    await pass(memory, 1800);
    const record = await stepOf(memory, runId, "work");
    expect(record).toMatchObject({ state: "FAILED", attempt: 2, failures: 1, error: { message: "its own" } });
    expect(record).not.toHaveProperty("losses");
    expect(calls.count).toBe(2);
  });

  it("of a pass is made later, and the pass is not repeated", async () => {
    const { memory, calls } = counted((call) => call, {}, true);
    const runId = await begin(memory, "counted");
    refuse(memory, 600, isEnd, error);
    await pass(memory, 1800);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "SUCCEEDED", output: { value: 2 } });
    expect(calls.count).toBe(2);
  });
});

describe("a worker that dies while its commit is throttled", () => {
  it("leaves the result to the next worker", async () => {
    const { memory, calls } = counted(() => "made");
    const runId = await begin(memory, "counted");
    const sound = refuse(memory, 600, isEnd);
    const [message] = memory.queue.receive(1);
    if (message === undefined) throw new Error("there is no hint");
    const clock = Object.assign(Object.create(memory.clock), {
      pause: async () => {
        throw new Crash();
      },
    });
    const dying = { ...memory.engine, clock };
    // A dead worker doesn't release what it holds either.
    const putStep: typeof memory.store.putStep = async (next, previous) => {
      if ("leaseUntil" in next && next.leaseUntil === 0) throw new Crash();
      return dying.store.putStep(next, previous);
    };
    const store = new Proxy(dying.store, {
      get: (target, key) => (key === "putStep" ? putStep : Reflect.get(target, key)),
    });
    await expect(handleStepMessage({ ...dying, store }, message, Number.POSITIVE_INFINITY)).rejects.toThrow(
      Crash,
    );
    memory.engine = sound;
    await pass(memory, 900);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "SUCCEEDED", attempt: 1 });
    expect(calls.count).toBe(1);
  });
});

describe("a release that is throttled", () => {
  it("loses no worker: the next one goes on with the attempt", async () => {
    const { memory, calls } = counted(() => "made");
    const runId = await begin(memory, "counted");
    const isRelease = (next: StepRecord) => "leaseUntil" in next && next.leaseUntil === 0;
    refuse(memory, 300, isRelease);
    // The worker has claimed the step, and can't find its function: AWS throttles what it reads.
    const { engine } = memory;
    const pipelines = new Proxy(engine.pipelines, {
      get: (target, key) => {
        if (key === "get" && isClaimed.value) throw throttling();
        const member: unknown = Reflect.get(target, key);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const isClaimed = { value: false };
    const watchdog: Watchdog = {
      ...noWatchdog,
      hold: (held) => {
        isClaimed.value = true;
        return noWatchdog.hold(held);
      },
    };
    const [message] = memory.queue.receive(1);
    if (message === undefined) throw new Error("there is no hint");
    await handleStepMessage({ ...engine, pipelines, watchdog }, message, Number.POSITIVE_INFINITY);
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "RUNNING" });
    await pass(memory, 900);
    const record = await stepOf(memory, runId, "work");
    expect(record).toMatchObject({ state: "SUCCEEDED", attempt: 1 });
    expect(record).not.toHaveProperty("losses");
    expect(calls.count).toBe(1);
  });
});
