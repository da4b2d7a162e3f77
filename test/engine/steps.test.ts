import * as z from "zod";
import {
  batch,
  defineJob,
  definePipeline,
  eq,
  FatalError,
  lambda,
  type Pipeline,
  RetryAfter,
} from "../../shared/pipeline/index.ts";
import { ParamsError } from "../../shared/run/errors.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { MemoryEngine, testPipeline } from "../../shared/testing/test-pipeline.ts";

const square = defineJob("demo.square", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const none = z.strictObject({});
const numbers = z.strictObject({ list: z.array(z.number()) });

/** A pipeline of one function that throws what it is told to, then succeeds. */
function failing(throws: readonly Error[], retries: number | { limit: number; delay: number | number[] }) {
  const left = [...throws];
  return definePipeline({ name: "failing", params: none }, ({ step }) => {
    step(
      "work",
      lambda({}, () => {
        const error = left.shift();
        if (error !== undefined) throw error;
        return "done";
      }),
      { retries },
    );
  });
}

describe("a step that fails", () => {
  it("is tried again by its policy, after its delays", async () => {
    const result = await testPipeline(
      failing([new Error("one"), new Error("two")], { limit: 2, delay: [10, 20] }),
    );
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(30_000);
    expect(result.milliseconds).toBeLessThan(31_000);
  });

  it("fails the run once its retries are used up, and says what, where and why", async () => {
    const result = await testPipeline(failing([new Error("one"), new TypeError("two")], 1));
    expect(result.state).toBe("FAILED");
    expect(result.error).toEqual({ step: "work", name: "TypeError", message: "two" });
    expect(result.errors.work).toMatchObject({ name: "TypeError", stack: expect.any(Array) });
  });

  it("fatally is not tried again", async () => {
    const result = await testPipeline(failing([new FatalError("no use")], 5));
    expect(result).toMatchObject({ state: "FAILED", error: { name: "FatalError", message: "no use" } });
  });

  it("may say itself when to try again", async () => {
    const result = await testPipeline(failing([new RetryAfter("busy", 120)], { limit: 1, delay: 1 }));
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(120_000);
  });

  it("waits longer than a message can be delayed", async () => {
    const result = await testPipeline(failing([new Error("later")], { limit: 1, delay: 3600 }));
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(3_600_000);
    expect(result.milliseconds).toBeLessThan(3_600_000 + 130_000);
  });

  it("leaves what depends on it undone, and lets the other branches end", async () => {
    const pipeline = definePipeline({ name: "branches", params: none }, ({ step }) => {
      const bad = step(
        "bad",
        lambda({}, () => Promise.reject(new Error("x"))),
      );
      const good = step(
        "good",
        lambda({}, () => 1),
      );
      step(
        "after_bad",
        lambda({ bad }, () => 1),
      );
      step(
        "after_good",
        lambda({ good }, ({ good }) => good + 1),
      );
      step(
        "last",
        lambda({}, () => 1),
        { after: [bad, good] },
      );
    });
    const result = await testPipeline(pipeline);
    expect(result.state).toBe("FAILED");
    expect(result.states).toEqual({ bad: "FAILED", good: "SUCCEEDED", after_good: "SUCCEEDED" });
  });

  it("because its function never ends times out, and says what to do", async () => {
    const pipeline = definePipeline({ name: "slow", params: none }, ({ step }) => {
      step(
        "forever",
        lambda({}, () => new Promise<null>(() => undefined)),
        { timeout: 30 },
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startRun(memory.engine, {
      pipeline: "slow",
      cause: { kind: "manual" },
      causeKey: "",
    });
    const turn = memory.turn();
    // The function is on its way once its step is held and its input read.
    while ((await memory.store.listSteps(runId)).length === 0) await Promise.resolve();
    for (let pass = 0; pass < 50; pass += 1) await Promise.resolve();
    memory.clock.moveTo(memory.clock.now() + 30_000);
    await turn;
    const run = await memory.finish(runId);
    expect(run).toMatchObject({ state: "FAILED", error: { name: "TimeoutError" } });
    expect((await memory.store.listSteps(runId))[0]?.state).toBe("TIMED_OUT");
  });

  it.each<[string, unknown]>([
    ["a function", () => () => 1],
    ["a bigint", () => 1n],
  ])("to return JSON (%s) says so", async (_what, result) => {
    const pipeline = definePipeline({ name: "odd", params: none }, ({ step }) => {
      step("work", lambda({}, result as () => null));
    });
    expect(await testPipeline(pipeline)).toMatchObject({ state: "FAILED", error: { name: "TypeError" } });
  });

  it("over data that does not fit names the field", async () => {
    const pipeline = definePipeline({ name: "odd", params: none }, ({ step }) => {
      const made = step(
        "make",
        lambda({}, () => ({}) as { field: number }),
      );
      step(
        "use",
        lambda({ x: made.field }, ({ x }) => x),
        { retries: 3 },
      );
    });
    expect((await testPipeline(pipeline)).error).toEqual({
      step: "use",
      name: "ExpressionError",
      message: 'make has no field "field"',
    });
  });
});

describe("conditions", () => {
  const pipeline = definePipeline(
    { name: "choice", params: z.strictObject({ big: z.boolean() }) },
    ({ params, step }) => {
      const big = step(
        "big",
        lambda({}, () => "big"),
        { when: eq(params.big, true) },
      );
      const after = step(
        "uses_big",
        lambda({ big }, ({ big }) => big),
      );
      step(
        "follows",
        lambda({}, () => "follows"),
        { after: [big] },
      );
      step(
        "uses_skipped",
        lambda({ after }, () => 1),
      );
    },
  );

  it("let a step run", async () => {
    const { states, outputs } = await testPipeline(pipeline, { params: { big: true } });
    expect(new Set(Object.values(states))).toEqual(new Set(["SUCCEEDED"]));
    expect(outputs.uses_big).toBe("big");
  });

  it("skip a step with what needs its data, and not what merely follows", async () => {
    const result = await testPipeline(pipeline, { params: { big: false } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.states).toEqual({ big: "SKIPPED", follows: "SUCCEEDED" });
  });
});

describe("a map", () => {
  const doubling = definePipeline({ name: "doubling", params: numbers }, ({ params, step, map }) => {
    const doubled = map("double", params.list, (n) => lambda({ n }, ({ n }) => n * 2));
    const again = map("again", doubled, (n) => lambda({ n }, ({ n }) => n * 2));
    step(
      "total",
      lambda({ again }, ({ again }) => again.reduce((sum, n) => sum + n, 0)),
    );
  });

  it("keeps the order of its list", async () => {
    const { outputs } = await testPipeline(doubling, { params: { list: [3, 1, 2] } });
    expect(outputs).toEqual({ double: [6, 2, 4], again: [12, 4, 8], total: 24 });
  });

  it("over nothing gives nothing and goes on", async () => {
    const result = await testPipeline(doubling, { params: { list: [] } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.outputs).toEqual({ double: [], again: [], total: 0 });
  });

  it("of more children than a shard holds runs each once", async () => {
    const calls = new Map<number, number>();
    const pipeline = definePipeline({ name: "wide", params: numbers }, ({ params, step, map }) => {
      const out = map("each", params.list, (n) =>
        lambda({ n }, ({ n }) => {
          calls.set(n, (calls.get(n) ?? 0) + 1);
          return n;
        }),
      );
      step(
        "count",
        lambda({ out }, ({ out }) => out.length),
      );
    });
    const list = Array.from({ length: 450 }, (_, place) => place);
    const result = await testPipeline(pipeline, { params: { list } });
    expect(result.outputs).toMatchObject({ each: list, count: 450 });
    expect([...calls.values()].every((count) => count === 1)).toBe(true);
    expect(calls.size).toBe(450);
  });

  it("with a child that fails runs the others, then fails and names the child", async () => {
    const pipeline = definePipeline(
      { name: "one_bad".replace("_", "-"), params: numbers },
      ({ params, step, map }) => {
        const out = map("each", params.list, (n) =>
          lambda({ n }, ({ n }) => {
            if (n === 2) throw new Error("two is bad");
            return n;
          }),
        );
        step(
          "never",
          lambda({ out }, () => 1),
        );
      },
    );
    const result = await testPipeline(pipeline, { params: { list: [1, 2, 3] } });
    expect(result.state).toBe("FAILED");
    expect(result.error).toEqual({ step: "each[1]", name: "Error", message: "two is bad" });
    expect(result.states).toEqual({
      "each[0]": "SUCCEEDED",
      "each[1]": "FAILED",
      "each[2]": "SUCCEEDED",
      each: "FAILED",
    });
  });

  it("over something that turns out to be no list fails with what it got", async () => {
    const pipeline = definePipeline({ name: "no-list", params: none }, ({ step, map }) => {
      const made = step(
        "make",
        lambda({}, () => ({ list: "text" }) as unknown as { list: number[] }),
      );
      map("each", made.list, (n) => lambda({ n }, ({ n }) => n));
    });
    expect((await testPipeline(pipeline)).error?.message).toBe(
      'step "each" maps over "text", which is not a list',
    );
  });

  it("results over 4 KB go to the object store without the author noticing", async () => {
    const pipeline = definePipeline({ name: "large", params: none }, ({ step }) => {
      const text = step(
        "make",
        lambda({}, () => "x".repeat(5000)),
      );
      step(
        "measure",
        lambda({ text }, ({ text }) => text.length),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startRun(memory.engine, {
      pipeline: "large",
      cause: { kind: "manual" },
      causeKey: "",
    });
    await memory.finish(runId);
    const records = await memory.store.listSteps(runId);
    expect(records.map((record) => "output" in record && record.output)).toEqual([
      { uri: `s3://data/runs/large/${runId}/make/0/1.1/_output.json` },
      { value: 5000 },
    ]);
  });
});

describe("Batch steps", () => {
  const squares = definePipeline({ name: "squares", params: numbers }, ({ params, step, map }) => {
    const out = map("square", params.list, (n) => batch(square, { n }), { retries: { limit: 1, delay: 5 } });
    step(
      "total",
      lambda({ out }, ({ out }) => out.reduce((sum, { n }) => sum + n, 0)),
    );
  });
  const run = async (pipeline: Pipeline, list: number[], job: (input: { n: number }) => { n: number }) => {
    const memory = new MemoryEngine([pipeline], { "demo.square": (input) => job(input as { n: number }) });
    const request = {
      pipeline: pipeline.name,
      params: { list },
      cause: { kind: "manual" },
      causeKey: "",
    } as const;
    const { runId } = await startRun(memory.engine, request);
    const submitted: (number | undefined)[] = [];
    const { batch: service } = memory.engine;
    memory.engine = {
      ...memory.engine,
      batch: {
        submit: (submission) => {
          submitted.push(submission.arraySize);
          return service.submit(submission);
        },
        findByName: (...args) => service.findByName(...args),
        describe: (ids) => service.describe(ids),
        terminate: (...args) => service.terminate(...args),
      },
    };
    const ended = await memory.finish(runId);
    const records = await memory.store.listSteps(runId);
    return { run: ended, records, submitted };
  };

  it("of a map are one array job", async () => {
    const { run: ended, records, submitted } = await run(squares, [1, 2, 3], ({ n }) => ({ n: n * n }));
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([3]);
    expect(records.find(({ step }) => step === "total")).toMatchObject({ output: { value: 14 } });
  });

  it("of a map of one are a single job", async () => {
    const { run: ended, submitted } = await run(squares, [5], ({ n }) => ({ n: n * n }));
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([undefined]);
  });

  it("are tried again one by one where they failed", async () => {
    let failures = 1;
    const { run: ended, submitted } = await run(squares, [1, 2, 3], ({ n }) => {
      if (n === 2 && failures-- > 0) throw new Error("once");
      return { n: n * n };
    });
    expect(ended.state).toBe("SUCCEEDED");
    expect(submitted).toEqual([3, undefined]);
  });

  it("fail with what the job said", async () => {
    const { run: ended } = await run(squares, [1, 2], () => {
      throw new FatalError("the file is empty");
    });
    expect(ended).toMatchObject({
      state: "FAILED",
      error: { name: "FatalError", message: "the file is empty" },
    });
  });

  it("are refused before submission when their input breaks the contract", async () => {
    const pipeline = definePipeline({ name: "contract", params: numbers }, ({ params, map }) => {
      const made = map("make", params.list, (n) => lambda({ n }, ({ n }) => String(n) as unknown as number));
      map("square", made, (n) => batch(square, { n }));
    });
    const { run: ended, submitted } = await run(pipeline, [1, 2], ({ n }) => ({ n }));
    expect(submitted).toEqual([]);
    expect(ended).toMatchObject({ state: "FAILED", error: { name: "InvalidInput" } });
    expect("error" in ended && ended.error?.message).toContain("input n of child 0");
  });
});

describe("starting a run", () => {
  const pipeline = definePipeline(
    {
      name: "typed",
      params: z.strictObject({ alphas: z.array(z.number().positive()), label: z.string().default("x") }),
    },
    ({ params, step }) =>
      step(
        "echo",
        lambda({ params }, ({ params }) => params),
      ),
  );

  it("with wrong parameters names each wrong field and stores nothing", async () => {
    const memory = new MemoryEngine([pipeline]);
    const request = {
      pipeline: "typed",
      params: { alphas: [1, -1], more: true },
      cause: { kind: "manual" },
      causeKey: "",
    } as const;
    const wrong = startRun(memory.engine, request);
    await expect(wrong).rejects.toThrow(ParamsError);
    await expect(wrong).rejects.toThrow(/params\.alphas\.1: .*; params: .*"more"/);
    expect((await memory.store.listRuns({}, 10)).runs).toEqual([]);
  });

  it("of a pipeline that does not exist names those that do", async () => {
    const memory = new MemoryEngine([pipeline]);
    const wrong = startRun(memory.engine, { pipeline: "tpyed", cause: { kind: "manual" }, causeKey: "" });
    await expect(wrong).rejects.toThrow('there is no pipeline "tpyed"; deployed are: typed');
  });

  it("fills in defaults", async () => {
    const { outputs } = await testPipeline(pipeline, { params: { alphas: [1] } });
    expect(outputs.echo).toEqual({ alphas: [1], label: "x" });
  });
});

describe("infrastructure that fails", () => {
  const pipeline = definePipeline({ name: "unlucky", params: none }, ({ step }) => {
    step("work", batch(square, { n: 1 }), { retries: { limit: 0, delay: 1 } });
  });

  it.each([
    [4, "SUCCEEDED"],
    [5, "FAILED"],
  ])("%i times uses up none of the step's own retries; in the end it is %s", async (times, state) => {
    const memory = new MemoryEngine([pipeline], { "demo.square": () => ({ n: 1 }) });
    const { runId } = await startRun(memory.engine, {
      pipeline: "unlucky",
      cause: { kind: "manual" },
      causeKey: "",
    });
    for (let lost = 0; lost < times; lost += 1) {
      while (memory.batch.waiting().length === 0) {
        if (!(await memory.turn())) memory.clock.moveTo(memory.queue.nextAt() ?? memory.clock.now());
      }
      const [job] = memory.batch.waiting();
      memory.batch.finish(job?.id ?? "", { containerReason: "CannotPullContainerError: not found" });
      await memory.turn();
    }
    const run = await memory.finish(runId);
    expect(run.state).toBe(state);
    if (state === "FAILED") expect(run).toMatchObject({ error: { name: "ImagePullFailed" } });
  });
});
