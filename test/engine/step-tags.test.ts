import * as z from "zod";
import { batch, defineJob, definePipeline, lambda, type StepContext } from "../../shared/pipeline/index.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { startManually } from "./driving.ts";

const none = z.strictObject({});
const fit = defineJob("demo.fit", {
  input: z.object({}),
  output: z.object({}),
  resources: { vcpus: 1, memory: 512 },
});

function tagged(tags: readonly string[]) {
  return definePipeline({ name: "tagged", params: none }, ({ step }) => {
    const read = step(
      "read",
      lambda({}, (_input: object, { log }: StepContext) => log.info("reading")),
      { tags },
    );
    step("fit", batch(fit, {}), { tags, after: [read] });
    step(
      "plain",
      lambda({}, () => 1),
    );
  });
}

describe("tags of a step", () => {
  it("are on its log lines, on its jobs, and in the view of its run", async () => {
    const pipeline = tagged(["team:growth", "nightly", "nightly"]);
    const memory = new MemoryEngine([pipeline], { "demo.fit": () => ({}) });
    const lines: object[] = [];
    const submitted: unknown[] = [];
    const { batch: service, log } = memory.engine;
    memory.engine = {
      ...memory.engine,
      log: { ...log, info: (message, fields) => void lines.push({ message, ...fields }) },
      batch: {
        ...service,
        submit(job) {
          submitted.push(job.environment.MILLRACE_TAGS);
          return service.submit(job);
        },
      },
    };
    const { runId } = await startManually(memory.engine, {
      pipeline: pipeline.name,
      params: {},
    });
    const run = await memory.finish(runId);

    const tags = ["nightly", "team:growth"];
    expect(submitted).toEqual(["nightly team:growth"]);
    expect(lines).toContainEqual(expect.objectContaining({ message: "reading", step: "read", tags }));
    for (const step of ["read", "fit"]) {
      expect(lines).toContainEqual(expect.objectContaining({ message: "step ended", step, tags }));
    }
    const plain = lines.find((line) => "step" in line && line.step === "plain");
    expect(plain).toMatchObject({ message: "step ended" });
    expect(plain).not.toHaveProperty("tags");
    const view = viewRun(run, pipeline.graph, await memory.store.listSteps(runId), memory.clock.now());
    expect(view.steps.map((each) => each.tags)).toEqual([tags, tags, undefined]);
  });

  it.each([
    ["a b", /tags\.0.*is "a b"; it takes 1 to 64 letters/],
    ["x".repeat(65), /tags\.0.*it takes 1 to 64 letters/],
  ])("are refused if one is invalid: %j", (tag, message) => {
    expect(() => tagged([tag])).toThrow(message);
  });

  it("are refused if a job on AWS couldn't have them together", () => {
    const many = Array.from({ length: 5 }, (_, place) => `${place}${"x".repeat(63)}`);
    expect(() => tagged(many)).toThrow(/tags.*are 324 characters together; a job on AWS may have 256/);
    expect(() => tagged(many.slice(2))).not.toThrow();
  });
});
