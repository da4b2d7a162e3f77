import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRun } from "../../shared/worker/sweep-run.ts";
import { begin, startManually } from "./driving.ts";

describe("the last look at a cancelled run", () => {
  // Found by the simulation, seed 555892: because an index lagged, the run was closed before a late worker's claim.
  it("isn't taken early", async () => {
    const pipeline = definePipeline({ name: "stopped", params: z.strictObject({}) }, ({ step }) => {
      step(
        "work",
        lambda({}, () => 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, { pipeline: "stopped" });
    await cancelRun(memory.engine, runId);
    const isDue = async () => (await memory.store.dueRuns(Number.POSITIVE_INFINITY, 1)).length === 1;
    await sweepRun(memory.engine, runId);
    expect(await isDue()).toBe(true);
    memory.clock.moveTo(memory.clock.now() + 200_000);
    await sweepRun(memory.engine, runId);
    expect(await isDue()).toBe(false);
  });

  // Found by the simulation, seed 134468: the cancel looked for the job before Batch listed it.
  it("ends a job that Batch didn't list when its submission was cancelled", async () => {
    const work = defineJob("demo.work", {
      input: z.object({}),
      output: z.object({}),
      resources: { vcpus: 1, memory: 512 },
    });
    const pipeline = definePipeline({ name: "unlisted", params: z.strictObject({}) }, ({ step }) => {
      step("work", batch(work, {}));
    });
    const memory = new MemoryEngine([pipeline], { "demo.work": () => ({}) });
    const { runId } = await startManually(memory.engine, { pipeline: "unlisted" });
    const [message] = memory.queue.receive();
    if (message === undefined) throw new Error("no message waits");
    // The worker submits, and dies before that is recorded.
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async (next, previous) => {
      if ("holder" in next && next.holder === "jobs") throw new Error("the worker is gone");
      return putStep(next, previous);
    };
    await expect(handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY)).rejects.toThrow("gone");
    memory.store.putStep = putStep;
    const findByName = memory.batch.findByName.bind(memory.batch);
    memory.batch.findByName = async () => [];
    await cancelRun(memory.engine, runId);
    expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
    expect(memory.batch.waiting()).toHaveLength(1);
    memory.batch.findByName = findByName;
    memory.clock.moveTo(memory.clock.now() + 200_000);
    await sweepRun(memory.engine, runId);
    expect(memory.batch.waiting()).toEqual([]);
  });

  it("looks for no job of a retried child whose submission was not under way", async () => {
    const work = defineJob("demo.work", {
      input: z.object({}),
      output: z.object({}),
      resources: { vcpus: 1, memory: 512 },
    });
    const pipeline = definePipeline({ name: "retried", params: z.strictObject({}) }, ({ map }) => {
      map(
        "work",
        Array.from({ length: 20 }, (_, number) => number),
        () => batch(work, {}),
        { retries: 3 },
      );
    });
    const memory = new MemoryEngine([pipeline], {
      "demo.work": () => {
        throw new Error("not now");
      },
    });
    const runId = await begin(memory, "retried");
    // Each child's job fails, and its retry waits for its time.
    while (await memory.turn());
    await cancelRun(memory.engine, runId);
    const states = (await memory.store.listSteps(runId)).map(({ state, index }) =>
      index === "map" ? "" : state,
    );
    expect(states.filter((state) => state === "CANCELLED").length).toBeGreaterThan(10);
    let lookups = 0;
    const findByName = memory.batch.findByName.bind(memory.batch);
    memory.batch.findByName = async (...args) => {
      lookups += 1;
      return findByName(...args);
    };
    memory.clock.moveTo(memory.clock.now() + 200_000);
    await sweepRun(memory.engine, runId);
    expect(lookups).toBe(0);
  });
});
