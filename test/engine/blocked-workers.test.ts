import * as z from "zod";
import { definePipeline, lambda, type StepOptions } from "../../shared/pipeline/index.ts";
import { noWatchdog, type Watchdog, type WatchedStep } from "../../shared/ports/watchdog.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { endBlocked } from "../../shared/worker/end-blocked.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, pass, runOf, stepOf } from "./driving.ts";

const none = z.strictObject({});
const forEver = Number.POSITIVE_INFINITY;

/** A watchdog that notes what runs, and says how much time others took. */
function watching(stolen = () => 0) {
  const held = new Set<WatchedStep>();
  const running = new Set<WatchedStep>();
  const watch = (among: Set<WatchedStep>, step: WatchedStep) => {
    among.add(step);
    return { stolen, extend: () => undefined, end: () => void among.delete(step) };
  };
  const watchdog: Watchdog = { hold: (step) => watch(held, step), run: (step) => watch(running, step) };
  return { watchdog, seen: () => ({ blockedFor: 1000, held: [...held], running: [...running] }) };
}

type Body = (n: number, memory: MemoryEngine, attempt: number) => unknown;

function mapOf(count: number, body: Body, options: StepOptions = {}) {
  const list = Array.from({ length: count }, (_, n) => n);
  const pipeline = definePipeline({ name: "blocking", params: none }, ({ map }) => {
    map(
      "each",
      list,
      (n) => lambda({ n }, async ({ n }, { attempt }) => (await body(n, memory, attempt)) as number),
      {
        ...{ timeout: 2, retries: { limit: 0 } },
        ...options,
      },
    );
  });
  const memory: MemoryEngine = new MemoryEngine([pipeline]);
  return memory;
}

/** Starts a run, and returns the messages of the children. */
async function children(memory: MemoryEngine) {
  const runId = await begin(memory, "blocking");
  for (const message of memory.queue.receive(1)) await handleStepMessage(memory.engine, message, forEver);
  return { runId, messages: memory.queue.receive(10) };
}

describe("a function that blocks its worker", () => {
  it("and returns after its time has timed out, whatever it returns", async () => {
    const memory = mapOf(1, (_n, { clock }) => {
      clock.moveTo(clock.now() + 6000);
      return 1;
    });
    const runId = await begin(memory, "blocking");
    await pass(memory, 60);
    expect(await stepOf(memory, runId, "each", 0)).toMatchObject({
      ...{ state: "TIMED_OUT", error: { name: "TimeoutError", message: expect.stringContaining("2 s") } },
    });
  });

  it("alone has timed out, and the error says that it blocked", async () => {
    const memory = mapOf(1, () => new Promise(() => {}));
    const { watchdog, seen } = watching();
    const { runId, messages } = await children(memory);
    for (const message of messages) void handleStepMessage({ ...memory.engine, watchdog }, message, forEver);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen().running).toHaveLength(1);
    await endBlocked(memory.engine, seen(), memory.clock.now() + 10_000);
    await pass(memory, 60);
    expect(await stepOf(memory, runId, "each", 0)).toMatchObject({
      state: "TIMED_OUT",
      error: { name: "TimeoutError", message: expect.stringContaining("step each[0] blocked its worker") },
    });
    expect((await runOf(memory, runId)).state).toBe("FAILED");
  });

  it("with others costs none of them an attempt: each goes on in a worker of its own, later attempts too", async () => {
    const sizes: string[] = [];
    let isFirst = true;
    const memory = mapOf(
      3,
      (n, _memory, attempt) => {
        if (isFirst) return new Promise(() => {});
        if (n === 1 && attempt === 1) throw new Error("once");
        return n;
      },
      { retries: { limit: 1, delay: 1 } },
    );
    const { watchdog, seen } = watching();
    const { runId, messages } = await children(memory);
    for (const message of messages) void handleStepMessage({ ...memory.engine, watchdog }, message, forEver);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen().running).toHaveLength(3);
    isFirst = false;
    await endBlocked(memory.engine, seen(), memory.clock.now() + 10_000);
    const noting: Watchdog = {
      ...noWatchdog,
      run: (step, until) => {
        sizes.push(`${step.index} ${step.attempt} ${step.alone}`);
        return noWatchdog.run(step, until);
      },
    };
    memory.engine = { ...memory.engine, watchdog: noting };
    await pass(memory, 120);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    for (const n of [0, 1, 2]) {
      const record = await stepOf(memory, runId, "each", n);
      expect(record).toMatchObject({ state: "SUCCEEDED", attempt: n === 1 ? 2 : 1, alone: true });
      expect(record).not.toHaveProperty("losses");
    }
    expect(sizes.sort()).toEqual(["0 1 true", "1 1 true", "1 2 true", "2 1 true"]);
  });

  it("and only then fails does not change a step that has moved on meanwhile", async () => {
    const memory = mapOf(1, () => 1);
    const { watchdog, seen } = watching();
    const { runId, messages } = await children(memory);
    let worker = seen();
    const looking: Watchdog = {
      ...watchdog,
      run: (step, until) => {
        const watch = watchdog.run(step, until);
        worker = seen();
        return watch;
      },
    };
    for (const message of messages)
      await handleStepMessage({ ...memory.engine, watchdog: looking }, message, forEver);
    expect(worker.running).toHaveLength(1);
    await endBlocked(memory.engine, worker, memory.clock.now() + 10_000);
    expect(await stepOf(memory, runId, "each", 0)).toMatchObject({ state: "SUCCEEDED" });
  });
});

describe("a function whose worker another one blocks", () => {
  it.each([
    ["gets that time back", 2500, { state: "SUCCEEDED", attempt: 1 }],
    ["for longer than its lease goes on in a worker of its own", 60_000, { state: "RUNNING", alone: true }],
  ])("%s", async (_what, stolen, expected) => {
    const { promise: free, resolve } = Promise.withResolvers<number>();
    const memory = mapOf(1, () => free);
    const { watchdog } = watching(() => stolen);
    const { runId, messages } = await children(memory);
    const [message] = messages;
    if (message === undefined) throw new Error("there is no hint");
    const handled = handleStepMessage({ ...memory.engine, watchdog }, message, forEver);
    await new Promise((done) => setImmediate(done));
    memory.clock.moveTo(memory.clock.now() + Math.min(stolen, 10_000) + 1000);
    await new Promise((done) => setImmediate(done));
    resolve(1);
    await handled;
    expect(await stepOf(memory, runId, "each", 0)).toMatchObject(expected);
    await pass(memory, 60);
    const record = await stepOf(memory, runId, "each", 0);
    expect(record).toMatchObject({ state: "SUCCEEDED", attempt: 1, failures: 0 });
    expect(record).not.toHaveProperty("losses");
  });
});
