import * as z from "zod";
import { definePipeline, PipelineDefinitionError } from "./define-pipeline.ts";
import { graphSchema } from "./graph.ts";
import { defineJob } from "./job.ts";
import { and, eq, flatten, lt, type Ref } from "./ref.ts";
import { cron } from "./schedule-trigger.ts";
import { approval, batch, child, lambda, repeat, wait } from "./task.ts";
import { objectCreated, runSucceeded } from "./trigger.ts";
import { workQueue } from "./work-queue.ts";

const train = defineJob("demo.train", {
  input: z.object({ rows: z.int() }),
  output: z.object({ model: z.string(), scores: z.array(z.number()) }),
  resources: { vcpus: 1, memory: 512 },
});
const params = z.strictObject({ rows: z.array(z.int()).default([1, 2]), limit: z.number().default(1) });

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

const pipeline = definePipeline({ name: "demo", params }, ({ params, run, step, map }) => {
  const load = step(
    "load",
    lambda({ at: run.scheduledAt }, () => ({ rows: [1, 2, 3], total: 3 })),
  );
  const models = map("train", load.rows, (rows) => batch(train, { rows }), { retries: 2, timeout: 120 });
  step(
    "report",
    lambda({ models, limit: params.limit }, () => null),
    {
      after: [load],
      when: and(lt(load.total, 10), eq(params.limit, 1)),
    },
  );
});

describe("a definition", () => {
  it("becomes a graph of plain data: references, edges, options, numbers in topological order", () => {
    expect(pipeline.graph.steps).toEqual([
      {
        number: 0,
        name: "load",
        task: { kind: "lambda" },
        input: { at: { $run: ["scheduledAt"] } },
        needs: [],
        after: [],
        retries: { limit: 0, delay: { base: 2, factor: 2, max: 900 } },
        timeout: 60,
      },
      {
        number: 1,
        name: "train",
        task: {
          kind: "batch",
          job: "demo.train",
          resources: { vcpus: 1, memory: 512, gpus: 0, timeoutSeconds: 3600, queue: "cpu" },
        },
        input: { rows: { $item: [] } },
        over: { $step: ["load", "rows"] },
        needs: [0],
        after: [],
        retries: { limit: 2, delay: { base: 2, factor: 2, max: 900 } },
        timeout: 120,
      },
      {
        number: 2,
        name: "report",
        task: { kind: "lambda" },
        input: { models: { $step: ["train"] }, limit: { $params: ["limit"] } },
        when: { $and: [{ $lt: [{ $step: ["load", "total"] }, 10] }, { $eq: [{ $params: ["limit"] }, 1] }] },
        needs: [0, 1],
        after: [0],
        retries: { limit: 0, delay: { base: 2, factor: 2, max: 900 } },
        timeout: 60,
      },
    ]);
  });

  it("has a hash that depends on the graph and not on the code of its functions", () => {
    const define = (timeout: number, result: number) =>
      definePipeline({ name: "demo", params }, ({ step }) =>
        step(
          "a",
          lambda({}, () => result),
          { timeout },
        ),
      );
    expect(define(10, 1).graphHash).toBe(define(10, 2).graphHash);
    expect(define(10, 1).graphHash).not.toBe(define(11, 1).graphHash);
  });

  it("reports all mistakes together, each with step and field", () => {
    const foreign: { ref?: Ref<unknown> } = {};
    definePipeline({ name: "other", params }, ({ step }) => {
      foreign.ref = step(
        "elsewhere",
        lambda({}, () => 1),
      );
    });
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "Bad Name", params }, ({ params, step, map }) => {
        step(
          "twice",
          lambda({}, () => 1),
        );
        step(
          "twice",
          lambda({}, () => 1),
        );
        step(
          "Wrong-Name",
          lambda({}, () => 1),
        );
        step(
          "stranger",
          lambda({ x: foreign.ref }, () => 1),
          { after: foreign.ref ? [foreign.ref] : [] },
        );
        // @ts-expect-error a number isn't a list
        map("no_list", params.limit, () => lambda({}, () => 1));
        const model = step("model", batch(train, { rows: 1 }));
        step(
          "no_field",
          // @ts-expect-error the job's output doesn't have this field
          lambda({ x: model.weights }, () => 1),
        );
        step(
          "too_long",
          lambda({}, () => 1),
          { timeout: 3000 },
        );
        step(
          "too_often",
          lambda({}, () => 1),
          { retries: 1000 },
        );
        step("too_poor", batch(train, { rows: 1 }, { memory: -1 }));
        step(
          "no_json",
          lambda({ at: new Date(0) }, () => 1),
        );
        step(
          "text",
          lambda({}, () => 1),
          { when: eq(`${"a"}`, "a") },
        );
      }),
    );
    expect(mistakes).toEqual([
      "-, name: is 1 to 40 lower-case letters, digits and -, and starts with a letter",
      'stranger, after: step "elsewhere" does not exist in this pipeline',
      "no_list, over: maps over something that is not a list",
      'no_field, input: step "model" has no field "weights"',
      "too_long, timeout: is 3000; a function may take up to 100 seconds: longer work is a batch job",
      expect.stringMatching(/^too_often, retries: .*<=100/s),
      expect.stringMatching(/^too_poor, resources: .*>0/s),
      "no_json, input: input.at is an object with a class; pass JSON or refs",
      "twice, name: another step has this name; names are unique within a pipeline",
      "Wrong-Name, name: a step's name is 1 to 40 lower-case letters, digits and _, and starts with a letter",
      'stranger, input: step "elsewhere" does not exist in this pipeline',
    ]);
  });

  it("refuses a field that a job's output doesn't have, in every expression", () => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params }, ({ params, step, map }) => {
        const model = step("model", batch(train, { rows: 1 }));
        // @ts-expect-error the job's output doesn't have this field
        step("when", batch(train, { rows: 1 }), { when: eq(model.good, true) });
        // @ts-expect-error the job's output doesn't have this field
        map("over", model.parts, (rows) => batch(train, { rows }));
        const again = batch(train, { rows: 1 });
        // @ts-expect-error a pass's result doesn't have this field
        step("until", repeat(again, { until: (result) => eq(result.good, true), limit: 2 }));
        // @ts-expect-error the job's output doesn't have this field
        step("until_another", repeat(again, { until: () => eq(model.weights, ""), limit: 2 }));
        const models = map("models", params.rows, (rows) => batch(train, { rows }));
        // @ts-expect-error neither a list nor the job's output has this field
        return { model: models.model, weights: model.weights, scores: model.scores };
      }),
    );
    expect(mistakes).toEqual([
      'when, when: step "model" has no field "good"',
      'over, over: step "model" has no field "parts"',
      'until, repeat.until: the result has no field "good"',
      'until_another, repeat.until: step "model" has no field "weights"',
      '-, output: step "models" has no field "model"',
      '-, output: step "model" has no field "weights"',
    ]);
  });

  it("keeps the size of a function's worker, mapped or repeated, and omits the default", () => {
    const { graph } = definePipeline({ name: "sizes", params }, ({ step, map }) => {
      const fn = lambda({}, () => ({ n: 1 }));
      step("single", fn, { size: "large" });
      map("mapped", [1, 2], (n) => lambda({ n }, ({ n }) => n), { size: "large" });
      step("repeated", repeat(fn, { until: (last) => eq(last.n, 1), limit: 2 }), { size: "large" });
      step("plain", fn);
    });
    expect(graph.steps.map(({ size }) => size)).toEqual(["large", "large", "large", undefined]);
    expect(graphSchema.parse(JSON.parse(JSON.stringify(graph)))).toEqual(graph);
    expect(graph.steps[3]).not.toHaveProperty("size");
  });

  it("refuses an unknown size, and a size for a task that no worker runs", () => {
    const large = { size: "large" } as const;
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "sizes", params }, ({ step, map }) => {
        step("job", batch(train, { rows: 1 }), large);
        map("jobs", [1, 2], (rows) => batch(train, { rows }), large);
        step("run", child(pipeline, {}), large);
        step("time", wait({ seconds: 1 }), large);
        step("object", wait({ object: "raw/a", deadline: 60 }), large);
        step("answer", approval({ deadline: 60 }), large);
        step(
          "function",
          lambda({}, () => 1),
          { size: "huge" as "large" },
        );
      }),
    );
    expect(mistakes).toEqual([
      "job, size: is for functions; a job says its memory: batch(job, input, { memory: 4096 })",
      "jobs, size: is for functions; a job says its memory: batch(job, input, { memory: 4096 })",
      "run, size: is for functions; this is a child",
      "time, size: is for functions; this is a wait",
      "object, size: is for functions; this is an object",
      "answer, size: is for functions; this is an approval",
      'function, size: is "huge"; it is "large", or left out for the ordinary worker',
    ]);
  });

  it("refuses a ref that is used like a value, with a remedy", () => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params }, ({ params, step }) => {
        step(
          "a",
          lambda({ text: `limit is ${params.limit}` }, () => 1),
        );
      }),
    );
    expect(mistakes).toEqual([
      expect.stringContaining("a ref has no value yet while the pipeline is being defined"),
    ]);
  });

  it.each([
    ["spread", (ref: object) => ({ ...ref })],
    ["iterated", (ref: object) => [...(ref as Iterable<unknown>)]],
    ["added", (ref: object) => Number(ref) + 1],
  ])("refuses a ref that is %s", (_use, misuse) => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params }, ({ params, step }) => {
        misuse(params);
        step(
          "a",
          lambda({}, () => 1),
        );
      }),
    );
    expect(mistakes).toHaveLength(1);
  });

  it("reports mistakes in its triggers with the others", () => {
    const other = definePipeline({ name: "other", params }, ({ step }) =>
      step(
        "a",
        lambda({}, () => 1),
      ),
    );
    const triggers = [
      cron("0 2 * * *", { end: "next year", params: { limit: 2 } }),
      cron("0 3 * * *", { timezone: "Europe/Atlantis", name: "nightly" }),
      cron("0 4 * * *", { name: "nightly", params: { limit: "a lot" } }),
      objectCreated({ prefix: "incoming/", params: () => ({}) }),
      cron("0 5 * * 1", { name: "fine", timezone: "Europe/Berlin", params: { limit: 2 } }),
      objectCreated({ prefix: "raw/", suffix: [], params: () => ({}) }),
      cron("0 6 * * *", { name: "nowhere", active: [], params: { limit: 2 } }),
      cron("0 7 * * *", { name: "in prod", active: ["prod"], params: { limit: 2 } }),
      runSucceeded({ pipeline: other, params: () => ({}) }),
      runSucceeded({ pipeline: other, params: () => ({ limit: 1 }) }),
    ];
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params, triggers }, ({ step }) => {
        step(
          "a",
          lambda({}, () => 1),
        );
      }),
    );
    expect(mistakes).toEqual([
      '-, triggers.0: end "next year" is no time such as 2022-01-01T00:00:00Z',
      '-, triggers.1: time zone "Europe/Atlantis" is not known; name one such as Europe/Berlin',
      expect.stringMatching(/^-, triggers\.2: params\.limit: .*expected number/),
      '-, triggers.2: another schedule is named "nightly"; give each a name',
      '-, triggers.3: prefix "incoming/": the bucket tells of objects under raw/ only; drop data there',
      "-, triggers.5: suffix lists no ending, so no object would ever fit; leave it out to take every object",
      "-, triggers.6: active lists no stage; say false for a schedule that is off everywhere",
      '-, triggers.9: another trigger follows "other"; a run that succeeded starts one run here',
    ]);
  });

  it.each([0, 1.5, Number.NaN, 10_001])("refuses a limit of %d runs, its own or its queue's", (limit) => {
    const say = `${limit}; it is a whole number from 1 to 10000`;
    const define = () =>
      definePipeline({ name: "demo", params, maxActiveRuns: limit }, ({ step }) =>
        step(
          "a",
          lambda({}, () => 1),
        ),
      );
    expect(mistakesOf(define)).toEqual([`-, maxActiveRuns: is ${say}`]);
    expect(() => workQueue("gpu", { limit })).toThrow(`work queue "gpu": limit is ${say}`);
  });

  it("reports a mistake in its run name", () => {
    const mistakes = mistakesOf(() =>
      definePipeline({ name: "demo", params, runName: "demo-{params.town}" }, ({ step }) => {
        step(
          "a",
          lambda({}, () => 1),
        );
      }),
    );
    expect(mistakes).toEqual(['-, runName: {params.town}: params has no field "town"']);
  });

  it("without a step is refused", () => {
    expect(mistakesOf(() => definePipeline({ name: "demo", params }, () => undefined))).toEqual([
      "-, -: has no steps",
    ]);
  });

  it("flattens lists and single values into one list", () => {
    const { graph } = definePipeline({ name: "demo", params }, ({ params, step, map }) => {
      const one = step(
        "one",
        lambda({}, () => 1),
      );
      map("each", flatten([one, params.rows]), (item) => lambda({ item }, () => 1));
    });
    expect(graph.steps[1]?.over).toEqual({ $flatten: [{ $step: ["one"] }, { $params: ["rows"] }] });
  });
});
