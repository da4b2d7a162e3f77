import * as z from "zod";
import { batch, defineJob, definePipeline, JobDefinitionError, PipelineDefinitionError } from "./index.ts";
import { beginsOnLambda, functionMemory, memorySizes, type Resources, resources } from "./job.ts";

const fitting = { vcpus: 1, memory: 2048, timeoutSeconds: 600 };
const parse = (given: Partial<Resources>) => resources.parse({ ...fitting, ...given });
const job = (given: z.input<typeof resources>) =>
  defineJob("demo.fit", { input: z.object({}), output: z.object({}), resources: given });

describe("where a job runs", () => {
  test.each<[string, Partial<Resources>, boolean]>([
    ["says nothing of it", {}, false],
    ['says "batch"', { runs: "batch" }, false],
    ['says "lambda"', { runs: "lambda" }, true],
    ['says "auto" and fits', { runs: "auto" }, true],
    ['says "auto" and has a first size that fits', { runs: "auto", memory: [1024, 16_384] }, true],
    ['says "auto" and needs more memory', { runs: "auto", memory: 3009 }, false],
    ['says "auto" and needs more time', { runs: "auto", timeoutSeconds: 901 }, false],
    ['says "auto" and needs a GPU', { runs: "auto", gpus: 1 }, false],
  ])("a job that %s begins on Lambda: %o is %s", (_what, given, onLambda) => {
    expect(beginsOnLambda(parse(given))).toBe(onLambda);
  });

  test("a job that outgrows Lambda gets only sizes of memory that are larger", () => {
    expect(memorySizes(parse({ runs: "auto", memory: [1024, 2048, 4096, 8192] }))).toEqual([
      functionMemory,
      4096,
      8192,
    ]);
    expect(memorySizes(parse({ runs: "lambda", memory: [1024, 8192] }))).toEqual([functionMemory]);
    expect(memorySizes(parse({ runs: "batch", memory: [1024, 2048] }))).toEqual([1024, 2048]);
  });

  test.each([
    ["gpus", { gpus: 1 }, "is 1, and Lambda has 0"],
    ["memory", { memory: 4096 }, "is 4096, and Lambda has 3008"],
    ["timeoutSeconds", { timeoutSeconds: 3600 }, "is 3600, and Lambda has 900"],
  ])('with runs: "lambda", %s that Lambda lacks is a mistake', (field, given, problem) => {
    const define = () => job({ ...fitting, runs: "lambda", ...given });
    expect(define).toThrow(JobDefinitionError);
    expect(define).toThrow(problem);
    expect(define).toThrow(field);
    expect(define).toThrow('say less, or runs: "auto" or "batch"');
  });

  const pipelineOf = (contract: z.input<typeof resources>, given: Partial<Resources>, timeout?: number) =>
    definePipeline({ name: "demo", params: z.object({}) }, ({ step }) => {
      step("fit", batch(job(contract), {}, given), timeout === undefined ? {} : { timeout });
    });

  test("a step may say less than its job's contract, but not that a family has a function", () => {
    const { graph } = pipelineOf({ ...fitting, runs: "auto" }, { runs: "batch" });
    expect(graph.steps[0]?.task).toMatchObject({ resources: { runs: "batch" } });
    const wrong = () => pipelineOf(fitting, { runs: "lambda" });
    expect(wrong).toThrow(PipelineDefinitionError);
    expect(wrong).toThrow('say runs: "auto" in defineJob("demo.fit", …) first');
  });

  test("a step of a job on Lambda can't take longer than Lambda lets it", () => {
    expect(() => pipelineOf({ ...fitting, runs: "lambda" }, {}, 1200)).toThrow(
      "a job on Lambda may take up to 900 seconds",
    );
  });
});
