import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  child,
  definePipeline,
  FatalError,
  lambda,
  maybe,
  type Pipeline,
  text,
  wait,
} from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { begin, pass, stepOf } from "./driving.ts";
import { childOf, doubling, nested } from "./families.ts";

const none = z.strictObject({});
const hour = 3600;

describe("a child run", () => {
  it("gets its parameters with defaults, and returns its definition's output", async () => {
    const { pipeline } = doubling();
    const parent = definePipeline(
      { name: "parent", params: z.strictObject({ n: z.number() }) },
      ({ params, step }) => {
        const given = step("given", child(pipeline, { n: params.n }));
        const left = step("left", child(pipeline, {}));
        step(
          "sum",
          lambda({ a: given.doubled, b: left.doubled }, ({ a, b }) => a + b),
        );
      },
    );
    const { outputs } = await testPipeline(parent, { params: { n: 5 } });
    expect(outputs).toEqual({ given: { doubled: 10 }, left: { doubled: 14 }, sum: 24 });
  });

  it("is linked to its parent, and its parent to it", async () => {
    const { pipeline } = doubling();
    const parent = definePipeline({ name: "parent", params: none }, ({ map }) => {
      map("below", [1, 2], (n) => child(pipeline, { n }));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent", { priority: 3, refresh: true });
    const { scheduledAt } = await memory.finish(runId);
    const second = await childOf(memory, runId, "below", 1);
    expect(second).toMatchObject({
      cause: { kind: "step", runId, step: "below", index: 1, epoch: 1 },
      params: { n: 2 },
      // Whatever the parent was asked for also applies to its child runs.
      ...{ scheduledAt, priority: 3, refresh: true },
    });
    expect((await childOf(memory, runId, "below", 0)).runId).not.toBe(second.runId);
  });

  it("without an output returns null; texts and run facts can be returned", async () => {
    const silent = definePipeline({ name: "silent", params: none }, ({ step }) => {
      step(
        "work",
        lambda({}, () => 1),
      );
    });
    const reporting = definePipeline(
      { name: "reporting", params: z.strictObject({ month: z.string() }) },
      (build) => {
        const { params, run, step } = build;
        step(
          "work",
          lambda({}, () => 1),
        );
        return { key: text`raw/${params.month}.csv`, at: run.scheduledAt, fixed: [1, null] };
      },
    );
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("silent", child(silent, {}));
      step("reporting", child(reporting, { month: text`2021-${"10"}` }));
    });
    const { outputs } = await testPipeline(parent);
    expect(outputs).toEqual({
      silent: null,
      reporting: { key: "raw/2021-10.csv", at: "2021-01-01T00:00:00.000Z", fixed: [1, null] },
    });
  });

  it("whose output is over 4 KB returns its location, not a copy", async () => {
    const large = definePipeline({ name: "large", params: none }, ({ step }) =>
      step(
        "make",
        lambda({}, () => "x".repeat(5000)),
      ),
    );
    const middle = definePipeline({ name: "middle", params: none }, ({ step }) =>
      step("pass_on", child(large, {})),
    );
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      const made = step("below", child(middle, {}));
      step(
        "measure",
        lambda({ made }, ({ made }) => made.length),
      );
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    await memory.finish(runId);
    const between = await childOf(memory, runId, "below");
    const maker = await childOf(memory, between.runId, "pass_on");
    const uri = `s3://data/runs/large/${maker.runId}/make/0/1.1/_output.json`;
    expect(await stepOf(memory, runId, "below")).toMatchObject({ output: { uri } });
    expect(await stepOf(memory, runId, "measure")).toMatchObject({ output: { value: 5000 } });
    expect(memory.objects.uris()).toEqual([uri]);
  });

  it("that returns a map's results returns their list, even if they are large", async () => {
    const wide = definePipeline({ name: "wide", params: none }, ({ map }) =>
      map("each", ["a", "b"], (letter) => lambda({ letter }, ({ letter }) => letter.repeat(5000))),
    );
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      const letters = step("below", child(wide, {}));
      step(
        "measure",
        lambda({ letters }, ({ letters }) => letters.map((text) => `${text[0]}${text.length}`)),
      );
    });
    const { outputs } = await testPipeline(parent);
    expect(outputs.measure).toEqual(["a5000", "b5000"]);
  });

  it("that returns a skipped step's result fails the step, unless it uses maybe", async () => {
    const params = z.strictObject({ wanted: z.boolean() });
    const bare = definePipeline({ name: "bare", params }, ({ params, step }) => ({
      made: step(
        "make",
        lambda({}, () => 1),
        { when: params.wanted },
      ),
    }));
    const soft = definePipeline({ name: "soft", params }, ({ params, step }) => ({
      made: maybe(
        step(
          "make",
          lambda({}, () => 1),
          { when: params.wanted },
        ),
      ),
    }));
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("bare", child(bare, { wanted: false }));
      step("soft", child(soft, { wanted: false }));
    });
    const { states, outputs, errors } = await testPipeline(parent);
    expect(states).toEqual({ bare: "FAILED", soft: "SUCCEEDED" });
    expect(outputs).toEqual({ soft: { made: null } });
    expect(errors.bare?.message).toContain('step "make" has no result');
  });

  it("with invalid parameters isn't started, and the step fails naming each field", async () => {
    const { pipeline } = doubling();
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      const wrong = step(
        "wrong",
        lambda({}, () => "seven" as unknown as number),
      );
      step("below", child(pipeline, { n: wrong }), { retries: 3 });
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    const run = await memory.finish(runId);
    expect(run).toMatchObject({
      state: "FAILED",
      error: {
        step: "below",
        name: "InvalidInput",
        message: expect.stringContaining('params.n is "seven": '),
      },
    });
    expect((await memory.store.listRuns({ pipeline: "doubling" }, 10)).runs).toEqual([]);
  });

  it("of an undeployed pipeline fails the step, naming the deployed ones", async () => {
    const { pipeline } = doubling();
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(pipeline, {}));
    });
    const memory = new MemoryEngine([parent]);
    memory.engine = { ...memory.engine, pipelines: new Map([["parent", parent]]) };
    const run = await memory.finish(await begin(memory, "parent"));
    expect(run).toMatchObject({
      state: "FAILED",
      error: { name: "CodeMissing", message: expect.stringContaining('there is no pipeline "doubling"') },
    });
  });
});

describe("a large result that is gone from S3", () => {
  const large = lambda({}, () => "x".repeat(5000));
  const measuring = definePipeline({ name: "measuring", params: z.string() }, ({ params, step }) => {
    step(
      "measure",
      lambda({ text: params }, ({ text }) => text.length),
    );
  });
  const reporting = definePipeline({ name: "reporting", params: none }, ({ step }) => ({
    text: step("make", large),
  }));

  it.each<[string, Pipeline]>([
    [
      "a function's input",
      definePipeline({ name: "parent", params: none }, ({ step }) => {
        const text = step("make", large);
        step(
          "use",
          lambda({ text }, ({ text }) => text.length),
        );
      }),
    ],
    [
      "a child's parameter",
      definePipeline({ name: "parent", params: none }, ({ step }) => {
        step("use", child(measuring, step("make", large)));
      }),
    ],
    [
      "a child's result",
      definePipeline({ name: "parent", params: none }, ({ step }) => {
        step("use", child(reporting, {}));
      }),
    ],
  ])("fails the step that needs it as %s, with the reason", async (_what, parent) => {
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    memory.objects.get = async () => undefined;
    expect(await memory.finish(runId)).toMatchObject({
      state: "FAILED",
      error: {
        step: "use",
        name: "ValueMissingError",
        message: expect.stringContaining("_output.json, which held a step's result, no longer exists"),
      },
    });
  });
});

describe("a child that fails", () => {
  const failing = definePipeline({ name: "failing", params: none }, ({ step }) => {
    step(
      "work",
      lambda({}, () => {
        throw new TypeError("the disk is full");
      }),
    );
  });

  it("fails all of its ancestors with the reason", async () => {
    const { state, error } = await testPipeline(nested(failing));
    expect(state).toBe("FAILED");
    expect(error).toMatchObject({ step: "a", name: "ChildFailed" });
    // The reason comes first, then the runs it came through. The links to the child runs still show what is cut off.
    expect(error?.message).toMatch(
      /^b: c: work: the disk is full \(run \S+ of failing ended FAILED\) \(run \S+ of inner ended FAILED\) \(run \S+ of middle/,
    );
  });

  it("fails its ancestors with the reason, at any depth and message length", async () => {
    const why = "no column 'fare' in the data";
    const wordy = definePipeline({ name: "wordy", params: none }, ({ step }) => {
      step(
        "read",
        lambda({}, () => {
          throw new FatalError(`${why}; the columns are ${"c".repeat(2000)}`);
        }),
      );
    });
    const { error } = await testPipeline(nested(wordy));
    expect(error?.message).toMatch(new RegExp(`^b: c: read: ${why}`));
  });

  it("is reopened by its step's retries, and repeats only unsuccessful steps", async () => {
    const broken = { now: true };
    const { pipeline, calls } = doubling(broken);
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(pipeline, { n: 1 }), { retries: { limit: 2, delay: 30 } });
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    await pass(memory, 20);
    expect(await stepOf(memory, runId, "below")).toMatchObject({ state: "RETRYING", attempt: 1 });
    broken.now = false;
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls).toEqual(["first 1", "second 1", "second 1"]);
    expect(await childOf(memory, runId, "below")).toMatchObject({ epoch: 2, state: "SUCCEEDED" });
    expect(await stepOf(memory, runId, "below")).toMatchObject({
      attempt: 2,
      output: { value: { doubled: 2 } },
    });
  });

  it("on every retry fails the step", async () => {
    const { pipeline, calls } = doubling({ now: true });
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(pipeline, { n: 1 }), { retries: { limit: 2, delay: 1 } });
    });
    const { state, error } = await testPipeline(parent);
    expect([state, error?.name]).toEqual(["FAILED", "ChildFailed"]);
    expect(calls.filter((call) => call === "second 1")).toHaveLength(3);
  });

  // Found by the simulation, seed 9141494: the run waited for its children, and they waited for the run's scheduled
  // time.
  it("starts with its parent, even if the parent was retried before the child's scheduled time", async () => {
    const { pipeline } = doubling();
    const memory = new MemoryEngine([nested(pipeline)]);
    const scheduledAt = new Date(memory.clock.now() + 24 * hour * 1000).toISOString();
    const runId = await begin(memory, "outer", { scheduledAt });
    await cancelRun(memory.engine, runId);
    await memory.finish(runId);
    await retryRun(memory.engine, runId);
    const run = await memory.finish(runId);
    expect(run).toMatchObject({ state: "SUCCEEDED", scheduledAt });
    expect("endedAt" in run && run.endedAt < scheduledAt).toBe(true);
  });

  it("is reopened, three levels deep, when the outermost run is retried by hand", async () => {
    const broken = { now: true };
    const { pipeline, calls } = doubling(broken);
    const memory = new MemoryEngine([nested(pipeline)]);
    const runId = await begin(memory, "outer");
    expect((await memory.finish(runId)).state).toBe("FAILED");
    broken.now = false;
    await retryRun(memory.engine, runId);
    expect(await memory.finish(runId)).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
    expect(calls).toEqual(["first 7", "second 7", "second 7"]);
    const below = await childOf(memory, runId, "a");
    expect(below).toMatchObject({ epoch: 2, state: "SUCCEEDED" });
    expect(await stepOf(memory, runId, "a")).toMatchObject({ output: { value: { doubled: 14 } } });
    expect((await memory.store.listRuns({}, 10)).runs).toHaveLength(4);
  });

  it("can't be retried directly, because its parent wouldn't know", async () => {
    const memory = new MemoryEngine([nested(failing)]);
    const runId = await begin(memory, "outer");
    await memory.finish(runId);
    const { runId: below } = await childOf(memory, runId, "a");
    await expect(retryRun(memory.engine, below)).rejects.toThrow(`is a step of run ${runId}`);
  });

  it("because it timed out says so, and may be retried", async () => {
    const slow = definePipeline({ name: "slow", params: none, timeout: 600 }, ({ step }) => {
      step("nap", wait({ seconds: 10 * hour }));
    });
    const parent = definePipeline({ name: "parent", params: none }, ({ step }) => {
      step("below", child(slow, {}), { retries: { limit: 1, delay: 1 } });
    });
    const { error, milliseconds } = await testPipeline(parent);
    expect(error).toMatchObject({
      name: "ChildTimedOut",
      message: expect.stringContaining("took longer than the 600 s"),
    });
    expect(milliseconds).toBeGreaterThan(2 * 600_000);
  });
});

describe("a map of children", () => {
  it.each([0, 1, 3, 250])("over %i items runs each once and keeps their order", async (size) => {
    const { pipeline, calls } = doubling();
    const list = Array.from({ length: size }, (_, place) => size - place);
    const parent = definePipeline(
      { name: "parent", params: z.array(z.number()) },
      ({ params, step, map }) => {
        const all = map("below", params, (n) => child(pipeline, { n }));
        const again = map("again", all, ({ doubled }) => lambda({ doubled }, ({ doubled }) => doubled + 1));
        step(
          "count",
          lambda({ again }, ({ again }) => again.length),
        );
      },
    );
    const { outputs } = await testPipeline(parent, { params: list });
    expect(outputs).toEqual({
      below: list.map((n) => ({ doubled: n * 2 })),
      again: list.map((n) => n * 2 + 1),
      count: size,
    });
    expect(calls).toHaveLength(2 * size);
  });

  it("runs the others if one fails, and a retry by hand reopens only the failed one", async () => {
    const broken = { now: true };
    const { pipeline, calls } = doubling();
    const picky = definePipeline(
      { name: "picky", params: z.strictObject({ n: z.number() }) },
      ({ params, step }) => {
        const inner = step("inner", child(pipeline, { n: params.n }));
        step(
          "check",
          lambda({ inner, n: params.n }, ({ n }) => {
            if (n === 2 && broken.now) throw new Error("two is bad");
            return n;
          }),
        );
      },
    );
    const parent = definePipeline({ name: "parent", params: none }, ({ map }) => {
      map("below", [1, 2, 3], (n) => child(picky, { n }));
    });
    const memory = new MemoryEngine([parent]);
    const runId = await begin(memory, "parent");
    expect(await memory.finish(runId)).toMatchObject({ state: "FAILED", error: { step: "below[1]" } });
    broken.now = false;
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const epochs = await Promise.all(
      [0, 1, 2].map(async (n) => (await childOf(memory, runId, "below", n)).epoch),
    );
    expect(epochs).toEqual([1, 2, 1]);
    expect(calls).toHaveLength(6);
  });
});
