import * as z from "zod";
import { cancelOpenSteps } from "../../shared/cancel/settle-cancellation.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { child, definePipeline, lambda, wait } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { begin, pass, runOf } from "./driving.ts";
import { childOf, doubling, nested } from "./families.ts";

const none = z.strictObject({});
const hour = 3600;

const states = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId)).map(({ step, index, state }) => `${step}[${index}] ${state}`);

describe("a cancel", () => {
  const sleeper = definePipeline({ name: "sleeper", params: none }, ({ step }) => {
    const nap = step("nap", wait({ seconds: 10 * hour }));
    step(
      "after",
      lambda({ nap }, () => 1),
    );
  });

  it("ends children three levels deep before it completes, and leaves nothing running", async () => {
    const memory = new MemoryEngine([nested(sleeper)]);
    const runId = await begin(memory, "outer");
    await pass(memory, 60);
    await cancelRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("CANCELLED");
    const { runs } = await memory.store.listRuns({}, 10);
    expect(runs.map(({ pipeline, state }) => `${pipeline} ${state}`).sort()).toEqual([
      "inner CANCELLED",
      "middle CANCELLED",
      "outer CANCELLED",
      "sleeper CANCELLED",
    ]);
    for (const run of runs)
      expect((await states(memory, run.runId)).join()).toMatch(/^[abc]\[0\] CANCELLED$|^nap\[0\] CANCELLED$/);
  });

  it.each(Array.from({ length: 30 }, (_, turns) => turns))(
    "after %i turns of the engine leaves no run active after the sweep, and a retry completes the work",
    async (turns) => {
      const { pipeline, calls } = doubling();
      const memory = new MemoryEngine([nested(pipeline)]);
      const runId = await begin(memory, "outer");
      for (let turn = 0; turn < turns; turn += 1) await memory.turn();
      const { state } = await cancelRun(memory.engine, runId);
      await memory.finish(runId);
      await pass(memory, hour);
      expect(["CANCELLED", "SUCCEEDED"]).toContain((await runOf(memory, runId)).state);
      const { runs } = await memory.store.listRuns({}, 10);
      expect(runs.filter((run) => run.endedAt === undefined)).toEqual([]);
      if (state === "SUCCEEDED") return;
      await retryRun(memory.engine, runId);
      expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
      expect(calls.length).toBeLessThanOrEqual(4);
    },
  );

  // Found by the simulation, seed 175558: a late cancel by a worker stopped what the retry had started.
  it("by a late worker doesn't stop what a retry has started meanwhile", async () => {
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(sleeper, {}));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    const hint = { runId, step: "below", index: 0, epoch: 1 };
    // The step is linked to its child run, but the worker dies before it starts that run.
    const createRun = memory.store.createRun.bind(memory.store);
    memory.store.createRun = async () => {
      throw new Error("the worker is gone");
    };
    await expect(handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY)).rejects.toThrow("gone");
    memory.store.createRun = createRun;
    const steps = await memory.store.listSteps(runId);
    expect(steps).toMatchObject([{ holder: "run", child: { epoch: 1 } }]);
    await cancelRun(memory.engine, runId);
    const cancelled = await runOf(memory, runId);
    await retryRun(memory.engine, runId);
    await pass(memory, 60);
    const { runId: childId } = await childOf(memory, runId, "below");
    expect((await runOf(memory, childId)).state).toBe("RUNNING");
    const listSteps = memory.store.listSteps.bind(memory.store);
    memory.store.listSteps = async (id) => (id === runId ? steps : listSteps(id));
    await cancelOpenSteps(memory.engine, cancelled);
    memory.store.listSteps = listSteps;
    expect((await runOf(memory, childId)).state).toBe("RUNNING");
  });

  it("by a late worker doesn't stop what a retry has reopened meanwhile", async () => {
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(sleeper, {}));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    await pass(memory, 60);
    const steps = await memory.store.listSteps(runId);
    await cancelRun(memory.engine, runId);
    const cancelled = await runOf(memory, runId);
    await retryRun(memory.engine, runId);
    await pass(memory, 60);
    const { runId: childId } = await childOf(memory, runId, "below");
    expect(await runOf(memory, childId)).toMatchObject({ state: "RUNNING", epoch: 2 });
    const listSteps = memory.store.listSteps.bind(memory.store);
    memory.store.listSteps = async (id) => (id === runId ? steps : listSteps(id));
    await cancelOpenSteps(memory.engine, cancelled);
    memory.store.listSteps = listSteps;
    expect((await runOf(memory, childId)).state).toBe("RUNNING");
  });

  it("of only the child fails the parent's step without a retry", async () => {
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(sleeper, {}), { retries: 5 });
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    await pass(memory, 60);
    await cancelRun(memory.engine, (await childOf(memory, runId, "below")).runId, "not today");
    const run = await memory.finish(runId);
    expect(run).toMatchObject({
      state: "FAILED",
      error: { name: "ChildCancelled", message: expect.stringContaining("not today") },
    });
  });

  it("before the child has started leaves no orphan, even if the worker starts it afterwards", async () => {
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(sleeper, {}));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    const sound = memory.engine;
    const getRun = memory.store.getRun.bind(memory.store);
    // The cancel comes between the link to the child and its start.
    let links = 0;
    const store = new Proxy(sound.store, {
      get(target, key, receiver) {
        const member: unknown = Reflect.get(target, key, receiver);
        if (key !== "putStep") return typeof member === "function" ? member.bind(target) : member;
        const putStep: typeof target.putStep = async (next, previous) => {
          const put = await target.putStep(next, previous);
          if ("holder" in next && next.holder === "run") {
            links += 1;
            await cancelRun(sound, runId);
          }
          return put;
        };
        return putStep;
      },
    });
    await handleStepMessage(
      { ...sound, store },
      { runId, step: "below", index: 0, epoch: 1 },
      Number.POSITIVE_INFINITY,
    );
    expect(links).toBe(1);
    expect((await getRun(runId))?.state).toBe("CANCELLED");
    await pass(memory, 600);
    const { runs } = await memory.store.listRuns({ pipeline: "sleeper" }, 10);
    expect(runs.map(({ state }) => state)).toEqual(["CANCELLED"]);
  });

  it("of a child that is still ending when its step restarts is followed by the child's next epoch", async () => {
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(sleeper, {}));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    await pass(memory, 60);
    const below = await childOf(memory, runId, "below");
    await cancelRun(memory.engine, runId);
    await retryRun(memory.engine, runId);
    // When the step begins, an old cancel of the child's new epoch is under way. It was made because no parent waited.
    const reopened = await memory.store.reopenRun(below, new Date(memory.clock.now()).toISOString(), 0);
    const cancel = { to: "CANCELLING", endsAs: "CANCELLED", reason: "its parent does not wait" } as const;
    await memory.store.moveRun(below.runId, reopened?.epoch ?? 0, cancel, memory.clock.now());
    const hint = { runId, step: "below", index: 0, epoch: 2 };
    await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(await runOf(memory, below.runId)).toMatchObject({ state: "SUCCEEDED", epoch: 3 });
  });
});

describe("messages between parent and child", () => {
  it("that are all lost are replaced by the sweep", async () => {
    const { pipeline } = doubling();
    const memory = new MemoryEngine([nested(pipeline)]);
    const runId = await begin(memory, "outer");
    const lossy = { ...memory.engine, queue: { send: async () => undefined } };
    for (let minute = 0; minute < 120; minute += 1) {
      for (const message of memory.queue.receive(100)) {
        await handleStepMessage(lossy, message, Number.POSITIVE_INFINITY);
      }
      memory.clock.moveTo(memory.clock.now() + 60_000);
      await sweepRuns(memory.engine);
    }
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("that arrive twice start no second child and end no step twice", async () => {
    const { pipeline, calls } = doubling();
    const memory = new MemoryEngine([nested(pipeline)]);
    const runId = await begin(memory, "outer");
    for (let turn = 0; turn < 100; turn += 1) {
      memory.clock.moveTo(memory.clock.now() + 1000);
      const messages = memory.queue.receive(100);
      for (const message of [...messages, ...messages]) {
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      }
    }
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(calls).toHaveLength(2);
    expect((await memory.store.listRuns({}, 10)).runs).toHaveLength(4);
  });
});
