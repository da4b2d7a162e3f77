import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { runOf, startManually } from "./driving.ts";

const work = defineJob("demo.work", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

describe("a child of an array job that waits for its retry", () => {
  // Found by the simulation's limit on writes, seed 102154: each sweep sent one more hint, and each hint kept itself
  // alive.
  it.each([
    ["for a short time", 600, 1],
    ["for longer than a message can be delayed", 3600, 0],
  ])("has at most its own hint in flight %s, however often it is swept", async (_what, delay, hints) => {
    const pipeline = definePipeline({ name: "slow-retry", params: z.strictObject({}) }, ({ map }) => {
      map("each", [1, 2], (n) => batch(work, { n }), { retries: { limit: 1, delay } });
    });
    const fails = (input: unknown) => {
      if ((input as { n: number }).n === 2) throw new Error("two fails");
      return { n: 1 };
    };
    const memory = new MemoryEngine([pipeline], { "demo.work": fails });
    await startManually(memory.engine, { pipeline: "slow-retry" });
    while (await memory.turn());
    for (let sweep = 0; sweep < 4; sweep += 1) {
      memory.clock.moveTo(memory.clock.now() + 121_000);
      await sweepRuns(memory.engine);
    }
    expect(memory.queue.messages()).toHaveLength(hints);
  });
});

describe("a step that failed in an earlier epoch", () => {
  it("is hinted by a repeated report of the step before it", async () => {
    let heals = false;
    const fails = () => {
      if (!heals) throw new Error("not yet");
      return 1;
    };
    const twoFailures = definePipeline({ name: "after-failure", params: z.strictObject({}) }, ({ step }) => {
      const first = step("first", lambda({}, fails), { retries: 0 });
      step("second", lambda({}, fails), { retries: 0, after: [first], rule: "all_done" });
    });
    const memory = new MemoryEngine([twoFailures]);
    const { runId } = await startManually(memory.engine, { pipeline: "after-failure" });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    heals = true;
    await retryRun(memory.engine, runId);
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    const joinRun: Engine["store"]["joinRun"] = async (...args) => {
      await memory.store.joinRun(...args);
      throw new Error("the worker dies");
    };
    const dying = { ...memory.engine, store: Object.assign(Object.create(memory.engine.store), { joinRun }) };
    await expect(handleStepMessage(dying, message, Number.POSITIVE_INFINITY)).rejects.toThrow("dies");
    await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
    await memory.handleMessages();
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
  });
});
