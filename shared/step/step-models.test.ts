import { createHash } from "node:crypto";
import * as z from "zod";
import { startByHand } from "../operate/start-by-hand.ts";
import { batch, defineJob, definePipeline, modelFolder, registerModel } from "../pipeline/index.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";

const train = defineJob("demo.train", {
  input: z.object({}),
  output: z.object({ model: modelFolder, metrics: z.object({ r2: z.number() }) }),
  resources: { vcpus: 1, memory: 512 },
});

/**
 * A run with a Batch job that trains and registers the model that the job reports, in a folder of the run or elsewhere.
 */
async function registered(folder: (runId: string) => string) {
  const training = definePipeline({ name: "demo", params: z.strictObject({}) }, ({ step }) => {
    const { model, metrics } = step("train", batch(train, {}));
    step("register", registerModel({ name: "demo", model, metrics }));
  });
  let runId = "";
  const memory = new MemoryEngine([training], {
    "demo.train": async () => {
      const uri = memory.objects.locate(folder(runId));
      const file = {
        uri: `${uri}/MLmodel`,
        sha256: createHash("sha256").update("x").digest("hex"),
        bytes: 1,
      };
      const { versionId } = await memory.objects.put(file.uri, "x", "text/plain");
      return {
        model: { uri, files: [{ ...file, versionId, mediaType: "text/plain" }] },
        metrics: { r2: 0.9 },
      };
    },
  });
  memory.engine = { ...memory.engine, jobVersions: new Map([["demo", "content-of-demo"]]) };
  ({ runId } = await startByHand(memory.engine, { pipeline: "demo" }));
  expect(await memory.finish(runId)).toMatchObject({ state: "SUCCEEDED" });
  return { runId, version: await memory.engine.models.getVersion("demo", 1) };
}

describe("the origin of a model", () => {
  it("is the attempt under whose prefix it lies, with its job and the job's image", async () => {
    const { runId, version } = await registered((id) => `runs/demo/${id}/train/0/1.1/model`);
    expect(version?.training).toEqual({
      pipeline: "demo",
      runId,
      step: "train",
      index: 0,
      epoch: 1,
      attempt: 1,
      job: "demo.train",
      // The image that ran, and not the one that is deployed now.
      image: "demo:in-memory",
      seconds: expect.any(Number),
      costUsd: expect.any(Number),
    });
  });

  it("includes a cost above 0", async () => {
    const { version } = await registered((id) => `runs/demo/${id}/train/0/1.1/model`);
    expect(version?.training?.costUsd).toBeGreaterThan(0);
  });

  it("is known for a retry by Batch itself", async () => {
    const { version } = await registered((id) => `runs/demo/${id}/train/0/1.1.2/model`);
    expect(version?.training).toMatchObject({ attempt: 1, job: "demo.train" });
  });

  it("is read from its location if the run was deleted", async () => {
    const { version } = await registered(() => "runs/other/20200101T000000Z-forgotten000/fit/3/2.1/model");
    expect(version?.training).toEqual({
      pipeline: "other",
      runId: "20200101T000000Z-forgotten000",
      step: "fit",
      index: 3,
      epoch: 2,
      attempt: 1,
    });
  });

  it("is only the folder for a model that no run made", async () => {
    const { version } = await registered(() => "raw/bought/model");
    expect(version?.training).toBeUndefined();
    expect(version?.source).toBe("s3://data/raw/bought/model");
  });
});
