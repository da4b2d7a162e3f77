import * as z from "zod";
import { definePipeline, lambda, type Pipeline } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/test-pipeline.ts";
import { started } from "./sweep-pipeline.ts";

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
  const deploy = (memory: MemoryEngine, pipeline: Pipeline) => {
    memory.engine = { ...memory.engine, pipelines: new Map([[pipeline.name, pipeline]]) };
  };

  it("lets the run end by the graph it started with", async () => {
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

  it("that takes a step's code away fails that step with the reason", async () => {
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
    expect(run).toMatchObject({ state: "FAILED", error: { step: "b", name: "CodeMissing" } });
  });
});
