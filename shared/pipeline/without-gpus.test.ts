import * as z from "zod";
import { graphSchema } from "./graph.ts";
import { batch, defineJob, definePipeline, lambda, type Pipeline } from "./index.ts";
import { withoutGpus } from "./without-gpus.ts";

const fit = defineJob("demo.fit", {
  input: z.object({}),
  output: z.object({}),
  resources: { vcpus: 1, memory: 512 },
});
const gpu = { queue: "gpu", gpus: 1, vcpus: 4, memory: 15_000 };

const pipeline = definePipeline({ name: "demo", params: z.strictObject({}) }, ({ step }) => {
  step("either", batch(fit, {}, { ...gpu, withoutGpu: { vcpus: 2, memory: [4096, 8192] } }));
  step("must", batch(fit, {}, gpu));
  step("small", batch(fit, {}));
  step(
    "function",
    lambda({}, () => 1),
  );
});

const resourcesOf = ({ graph }: Pipeline) =>
  graph.steps.map(({ task }) => (task.kind === "batch" ? task.resources : undefined));

describe("in a stage without GPUs", () => {
  it("a job gets the resources that it declares for that case, and any other job its usual ones", () => {
    const [either, ...others] = resourcesOf(withoutGpus(pipeline));
    expect(either).toMatchObject({ queue: "cpu", gpus: 0, vcpus: 2, memory: [4096, 8192] });
    expect(others).toEqual(resourcesOf(pipeline).slice(1));
  });

  it("a pipeline has its own graph, which can be stored", () => {
    const { graph, graphHash } = withoutGpus(pipeline);
    expect(graphHash).not.toBe(pipeline.graphHash);
    expect(graphSchema.parse(JSON.parse(JSON.stringify(graph)))).toEqual(graph);
    expect(withoutGpus(withoutGpus(pipeline)).graphHash).toBe(graphHash);
  });

  it("a pipeline without GPU jobs is unchanged", () => {
    const plain = definePipeline({ name: "plain", params: z.strictObject({}) }, ({ step }) => {
      step("small", batch(fit, {}));
    });
    expect(withoutGpus(plain)).toBe(plain);
  });
});
