import * as z from "zod";
import { changeLimit } from "../../shared/operate/change-limit.ts";
import { previewQueue } from "../../shared/operate/preview-queue.ts";
import { definePipeline, lambda, type Pipeline, wait, workQueue } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, pass, runOf, statesOf, stepOf, work } from "./driving.ts";
import { started } from "./sweep-pipeline.ts";

function deploy(memory: MemoryEngine, ...pipelines: Pipeline[]): void {
  memory.engine = { ...memory.engine, pipelines: new Map(pipelines.map((each) => [each.name, each])) };
}

describe("a deployment in the middle of a run", () => {
  const v1 = definePipeline({ name: "moving", params: z.strictObject({}) }, ({ step }) => {
    const a = step(
      "a",
      lambda({}, () => 1),
    );
    step(
      "b",
      lambda({ a }, ({ a }) => a + 1),
    );
  });

  it("lets a run finish with the graph that it started with", async () => {
    const v2 = definePipeline({ name: "moving", params: z.strictObject({}) }, ({ step }) => {
      const a = step(
        "a",
        lambda({}, () => 10),
      );
      const c = step(
        "c",
        lambda({ a }, ({ a }) => a + 5),
      );
      step(
        "b",
        lambda({ c }, ({ c }) => c + 1),
      );
    });
    const memory = new MemoryEngine([v1]);
    const runId = await started(memory, "moving");
    deploy(memory, v2);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const steps = (await memory.store.listSteps(runId)).map(({ step }) => step);
    expect(steps).toEqual(["a", "b"]);
  });

  it("that removes a step's code fails that step with the reason", async () => {
    const v2 = definePipeline({ name: "moving", params: z.strictObject({}) }, ({ step }) =>
      step(
        "a",
        lambda({}, () => 1),
      ),
    );
    const memory = new MemoryEngine([v1]);
    const runId = await started(memory, "moving");
    deploy(memory, v2);
    const run = await memory.finish(runId);
    expect(run).toMatchObject({
      state: "FAILED",
      error: {
        step: "b",
        name: "CodeMissing",
        message: expect.stringContaining('no function for step "b" (loss 9'),
      },
    });
  });

  it("that has updated only some functions loses no run of the new code", async () => {
    const v2 = definePipeline({ name: "moving", params: z.strictObject({}) }, ({ step }) => {
      step(
        "renamed",
        lambda({}, () => 10),
      );
    });
    const memory = new MemoryEngine([v2]);
    const runId = await begin(memory, "moving");
    // The worker's function is updated some minutes after the function that started the run.
    deploy(memory, v1);
    await pass(memory, 600);
    expect(await stepOf(memory, runId, "renamed")).toMatchObject({
      failures: 0,
      error: { name: "CodeMissing" },
    });
    deploy(memory, v2);
    await pass(memory, 600);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });
});

describe("a deployment while runs wait for slots", () => {
  /** A run that takes ten minutes. */
  const slow = (limits: Pick<Parameters<typeof definePipeline>[0], "maxActiveRuns" | "queue"> = {}) =>
    definePipeline({ name: "slow", params: z.strictObject({}), ...limits }, ({ step }) => {
      step("wait", wait({ seconds: 600 }));
    });

  /** One run that holds the only slot, and two that wait for it. */
  async function waiting(queue?: string) {
    const limits = queue === undefined ? {} : { queue: workQueue(queue, { limit: 1 }) };
    const memory = new MemoryEngine([slow({ maxActiveRuns: 1, ...limits })]);
    const ids = [await begin(memory, "slow"), await begin(memory, "slow"), await begin(memory, "slow")];
    await work(memory);
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "QUEUED", "QUEUED"]);
    return { memory, ids };
  }

  async function holders(memory: MemoryEngine, limit: string) {
    return [...(await memory.store.getSlots(limit)).holders];
  }

  it("that removes the limit starts waiting runs one by one, and new ones at once", async () => {
    const { memory, ids } = await waiting();
    deploy(memory, slow());
    const free = await begin(memory, "slow");
    expect(await statesOf(memory, [...ids, free])).toEqual(["RUNNING", "QUEUED", "QUEUED", "RUNNING"]);
    await pass(memory, 601);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "RUNNING", "QUEUED"]);
    await pass(memory, 1300);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
    expect(await holders(memory, "pipeline/slow")).toEqual([]);
  });

  it("that removes a limit keeps an operator's 0 until it is reset", async () => {
    const { memory, ids } = await waiting();
    await changeLimit(memory.engine, "pipeline/slow", 0);
    deploy(memory, slow());
    await pass(memory, 3600);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "QUEUED", "QUEUED"]);
    await changeLimit(memory.engine, "pipeline/slow", null);
    await pass(memory, 3600);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
  });

  it("that moves the pipeline to another queue lets waiting runs start from the old one", async () => {
    const { memory, ids } = await waiting("old");
    deploy(memory, slow({ maxActiveRuns: 1, queue: workQueue("new") }));
    const late = await begin(memory, "slow");
    expect(await previewQueue(memory.engine, "old", 10)).toMatchObject({
      pipelines: [],
      limits: [
        { limit: "queue/old", slots: 1, holders: [ids[0]] },
        { limit: "pipeline/slow", slots: 1, holders: [ids[0]] },
      ],
      waiting: [{ runId: ids[1], waitsFor: ["queue/old", "pipeline/slow"] }, { runId: ids[2] }],
    });
    await pass(memory, 7200);
    expect(new Set(await statesOf(memory, [...ids, late]))).toEqual(new Set(["SUCCEEDED"]));
    for (const limit of ["pipeline/slow", "queue/old", "queue/new"])
      expect(await holders(memory, limit)).toEqual([]);
    await expect(previewQueue(memory.engine, "old", 10)).rejects.toThrow('there is no queue "old"');
  });

  it("without their pipeline lets them finish with the graph that they started with", async () => {
    const { memory, ids } = await waiting();
    deploy(memory);
    await pass(memory, 3600);
    expect(await statesOf(memory, ids)).toEqual(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
    expect(await holders(memory, "pipeline/slow")).toEqual([]);
  });
});
