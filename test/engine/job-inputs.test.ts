import * as z from "zod";
import { batch, defineJob, definePipeline } from "../../shared/pipeline/index.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";

const job = defineJob("family.work", {
  input: z.object({ rate: z.number().default(0.5), name: z.string() }),
  output: z.object({ rate: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

it("a job gets its input as its contract parses it, defaults included", async () => {
  const seen: unknown[] = [];
  const pipeline = definePipeline({ name: "defaults", params: z.strictObject({}) }, ({ step, map }) => {
    step("one", batch(job, { name: "one" }));
    map("each", ["a", "b"], (name) => batch(job, { name, rate: 2 }));
  });
  const work = (input: unknown) => {
    seen.push(input);
    return { rate: 1 };
  };
  const { state } = await testPipeline(pipeline, { jobs: { "family.work": work } });
  expect(state).toBe("SUCCEEDED");
  expect(seen).toEqual(
    expect.arrayContaining([
      { name: "one", rate: 0.5 },
      { name: "a", rate: 2 },
      { name: "b", rate: 2 },
    ]),
  );
});
