import * as z from "zod";
import { definePipeline, PipelineDefinitionError } from "./define-pipeline.ts";
import { defineJob } from "./job.ts";
import { gte, maybe, text } from "./ref.ts";
import { approval, batch, child, lambda, repeat, wait } from "./task.ts";

const params = z.strictObject({ month: z.string(), goal: z.number().default(1) });
const tune = defineJob("demo.tune", {
  input: z.object({ seed: z.number() }),
  output: z.object({ score: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const below = definePipeline(
  { name: "below", params: z.strictObject({ month: z.string() }) },
  ({ params, step }) => {
    step(
      "work",
      lambda({}, () => 1),
    );
    return { month: params.month };
  },
);
const year = 366 * 24 * 3600;

/** The mistakes of a definition, as `step, field: problem`. */
function mistakesOf(define: () => unknown): string[] {
  try {
    define();
  } catch (error) {
    if (!(error instanceof PipelineDefinitionError)) throw error;
    return error.problems.map(({ step, field, problem }) => `${step ?? "-"}, ${field ?? "-"}: ${problem}`);
  }
  return [];
}

describe("a task", () => {
  const { graph, children } = definePipeline({ name: "demo", params }, ({ params, step, map }) => {
    const file = step("file", wait({ object: text`raw/${params.month}.csv`, deadline: 600 }));
    const run = step("run", child(below, { month: params.month }), { retries: 2 });
    step("nap", wait({ seconds: params.goal }));
    step("night", wait({ until: "2021-10-04T22:00:00Z" }));
    step("ok", approval({ deadline: 60, message: text`use ${run.month}?`, byDefault: "reject" }));
    step("silent", approval({ deadline: 60 }));
    const seeds = map("seeds", [1, 2], (seed) =>
      repeat(batch(tune, { seed }), { until: ({ score }) => gte(score, params.goal), limit: 5, delay: 30 }),
    );
    return { file: file.uri, seeds: maybe(seeds), fixed: 1 };
  });
  const node = (name: string) => graph.steps.find((each) => each.name === name);

  it("of every kind becomes data: its kind, its input, and its time", () => {
    expect(
      graph.steps.map(({ name, task, input, timeout }) => ({ name, ...task, input, timeout })),
    ).toMatchObject([
      {
        name: "file",
        kind: "object",
        input: { object: { $text: ["raw/", { $params: ["month"] }, ".csv"] } },
        timeout: 600,
      },
      {
        name: "run",
        kind: "child",
        pipeline: "below",
        input: { month: { $params: ["month"] } },
        timeout: year,
      },
      { name: "nap", kind: "wait", input: { seconds: { $params: ["goal"] } }, timeout: year },
      { name: "night", kind: "wait", input: { until: "2021-10-04T22:00:00Z" }, timeout: year },
      { name: "ok", kind: "approval", byDefault: "reject", timeout: 60 },
      { name: "silent", kind: "approval", input: { message: "" }, timeout: 60 },
      { name: "seeds", kind: "batch", job: "demo.tune", input: { seed: { $item: [] } } },
    ]);
    expect(node("silent")?.task).toEqual({ kind: "approval" });
  });

  it("with a child's result in its question waits for the child", () => {
    expect(node("ok")).toMatchObject({
      needs: [1],
      input: { message: { $text: ["use ", { $step: ["run", "month"] }, "?"] } },
    });
  });

  it("that is repeated has its condition, limit and pause", () => {
    expect(node("seeds")?.repeat).toEqual({
      until: { $gte: [{ $result: ["score"] }, { $params: ["goal"] }] },
      limit: 5,
      delay: 30,
    });
  });

  it("that runs another pipeline includes that pipeline", () => {
    expect([...children]).toEqual([["below", below]]);
  });
});

describe("a definition's return value", () => {
  it("is the run's output, with its refs", () => {
    expect(below.graph.output).toEqual({ month: { $params: ["month"] } });
  });

  it("changes the hash of the graph", () => {
    const returning = (output: number) =>
      definePipeline({ name: "demo", params }, ({ step }) => {
        step(
          "work",
          lambda({}, () => 1),
        );
        return output;
      }).graphHash;
    expect(returning(1)).toBe(returning(1));
    expect(returning(1)).not.toBe(returning(2));
  });

  it("must be JSON or refs", () => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params }, ({ step }) => {
        step(
          "work",
          lambda({}, () => 1),
        );
        return { at: new Date(0) };
      }),
    );
    expect(mistakes).toEqual(["-, -: the returned value.at is an object with a class; pass JSON or refs"]);
  });
});

describe("mistakes in tasks", () => {
  it("are reported together, each with step and field", () => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params }, ({ step }) => {
        const made = step(
          "made",
          lambda({}, () => 1),
        );
        const body = lambda({}, () => ({ n: 1 }));
        step("no_time", approval({ deadline: 0 }));
        step("too_long", wait({ object: "raw/x", deadline: 400 * 24 * 3600 }));
        step("child_timeout", child(below, { month: "x" }), { timeout: 60 });
        step("approval_timeout", approval({ deadline: 60 }), { timeout: 60 });
        step("cached_wait", wait({ seconds: 1 }), { cache: true });
        step("cached_ask", approval({ deadline: 1 }), { cache: true });
        step("cached_repeat", repeat(body, { until: ({ n }) => gte(n, 1), limit: 2 }), { cache: true });
        step("no_passes", repeat(body, { until: ({ n }) => gte(n, 1), limit: 0 }));
        step(
          "bare",
          lambda({ made }, () => 1),
          { rule: "all_done" },
        );
        step(
          "alone",
          lambda({}, () => 1),
          { rule: "any_failed" },
        );
        step(
          "fine",
          lambda({ made: maybe(made) }, () => 1),
          { rule: "all_done" },
        );
      }),
    );
    expect(mistakes).toEqual([
      "no_time, deadline: is 0; it is a number of seconds above 0, at most a year",
      "too_long, deadline: is 34560000; it is a number of seconds above 0, at most a year",
      "child_timeout, timeout: is not for a child; set the timeout of the pipeline instead",
      "approval_timeout, timeout: is not for an approval; use deadline instead",
      "cached_wait, cache: is for functions and jobs; this is a wait",
      "cached_ask, cache: is for functions and jobs; this is an approval",
      "cached_repeat, cache: is not for a repeated task: its result depends on more than its input",
      expect.stringMatching(/^no_passes, repeat: .*>=1/s),
      "bare, rule: is all_done, so the steps before may have no result: wrap what is used of them in maybe()",
      "alone, rule: is any_failed, but no step comes before this one; name some in after",
    ]);
  });
});
