import * as z from "zod";
import { definePipeline, eq, FatalError, lambda, RetryAfter } from "../../shared/pipeline/index.ts";
import { ParamsError } from "../../shared/run/run-errors.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { startManually } from "./driving.ts";

const none = z.strictObject({});

/** A pipeline of one function that throws the given errors, then succeeds. */
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
  it("is retried by its policy, after its delays", async () => {
    const result = await testPipeline(
      failing([new Error("one"), new Error("two")], { limit: 2, delay: [10, 20] }),
    );
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(30_000);
    expect(result.milliseconds).toBeLessThan(31_000);
  });

  it("fails the run when its retries are used, with the error, its cause and its place", async () => {
    const result = await testPipeline(failing([new Error("one"), new TypeError("two")], 1));
    expect(result.state).toBe("FAILED");
    expect(result.error).toEqual({ step: "work", name: "TypeError", message: "two" });
    expect(result.errors.work).toMatchObject({ name: "TypeError", stack: expect.any(Array) });
  });

  it("with a FatalError is not retried", async () => {
    const result = await testPipeline(failing([new FatalError("no use")], 5));
    expect(result).toMatchObject({ state: "FAILED", error: { name: "FatalError", message: "no use" } });
  });

  it("may set the time of its retry itself", async () => {
    const result = await testPipeline(failing([new RetryAfter("busy", 120)], { limit: 1, delay: 1 }));
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(120_000);
  });

  it("may wait longer for its retry than a message can be delayed", async () => {
    const result = await testPipeline(failing([new Error("later")], { limit: 1, delay: 3600 }));
    expect(result.state).toBe("SUCCEEDED");
    expect(result.milliseconds).toBeGreaterThanOrEqual(3_600_000);
    expect(result.milliseconds).toBeLessThan(3_600_000 + 130_000);
  });

  it("stops its dependants, and lets the other branches end", async () => {
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

  it("because its function never ends times out, with a remedy", async () => {
    const pipeline = definePipeline({ name: "slow", params: none }, ({ step }) => {
      step(
        "forever",
        lambda({}, () => new Promise<null>(() => undefined)),
        { timeout: 30 },
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const { runId } = await startManually(memory.engine, {
      pipeline: "slow",
    });
    const turn = memory.turn();
    // The function is on its way once its step is claimed and its input read.
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
  ])("to return JSON (%s) has an error that says so", async (_what, result) => {
    const pipeline = definePipeline({ name: "odd", params: none }, ({ step }) => {
      step("work", lambda({}, result as () => null));
    });
    expect(await testPipeline(pipeline)).toMatchObject({ state: "FAILED", error: { name: "ResultNotJson" } });
  });

  it("on data that doesn't fit has an error that names the field", async () => {
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
    expect((await testPipeline(pipeline)).error).toMatchObject({
      step: "use",
      name: "ExpressionError",
      code: "EXPRESSION",
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

  it("skip a step with its dependants, but not steps that only come after it", async () => {
    const result = await testPipeline(pipeline, { params: { big: false } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.states).toEqual({ big: "SKIPPED", follows: "SUCCEEDED" });
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
    } as const;
    const wrong = startManually(memory.engine, request);
    await expect(wrong).rejects.toThrow(ParamsError);
    await expect(wrong).rejects.toThrow(/params\.alphas\.1 is -1: .*; params: .*"more"/);
    const long = startManually(memory.engine, { ...request, params: { alphas: "1".repeat(100) } });
    await expect(long).rejects.toThrow(/params\.alphas: /);
    expect((await memory.store.listRuns({}, 10)).runs).toEqual([]);
  });

  it("of an unknown pipeline names the existing ones", async () => {
    const memory = new MemoryEngine([pipeline]);
    const wrong = startManually(memory.engine, { pipeline: "tpyed" });
    await expect(wrong).rejects.toThrow('there is no pipeline "tpyed"');
  });

  it("fills in defaults", async () => {
    const { outputs } = await testPipeline(pipeline, { params: { alphas: [1] } });
    expect(outputs.echo).toEqual({ alphas: [1], label: "x" });
  });
});
