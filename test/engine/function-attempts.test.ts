import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { graphOf } from "../../shared/run/run-graph.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import { maxFunctionAttempts } from "../../shared/state/step-record.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, runOf, stepOf } from "./driving.ts";

/** A function that fails in its first calls, a second after each began. */
function failing(retries: number) {
  const fails = { calls: 0, times: 0 };
  const memory: { current?: MemoryEngine } = {};
  const pipeline = definePipeline({ name: "failing", params: z.strictObject({}) }, ({ step }) => {
    step(
      "fetch",
      lambda({}, () => {
        fails.calls += 1;
        const { current } = memory;
        current?.clock.moveTo(current.clock.now() + 1000);
        if (fails.calls > fails.times) return fails.calls;
        throw new TypeError("as the test wants it");
      }),
      { retries: { limit: retries, delay: 1 } },
    );
  });
  memory.current = new MemoryEngine([pipeline]);
  return { memory: memory.current, fails };
}

async function viewOf(memory: MemoryEngine, runId: string) {
  const run = await runOf(memory, runId);
  const records = await memory.store.listSteps(runId);
  return viewRun(run, await graphOf(memory.engine, run), records, memory.clock.now());
}

describe("the attempts of a function", () => {
  it("that succeeds at once aren't kept: the record says it all", async () => {
    const { memory } = failing(2);
    const runId = await begin(memory, "failing");
    await memory.finish(runId);
    expect(await stepOf(memory, runId, "fetch")).not.toHaveProperty("functionAttempts");
    expect((await viewOf(memory, runId)).steps[0]).not.toHaveProperty("functionAttempts");
  });

  it("are kept with their times and the names of their errors, and the last one is the record's own", async () => {
    const { memory, fails } = failing(2);
    fails.times = 2;
    const runId = await begin(memory, "failing");
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const [step] = (await viewOf(memory, runId)).steps;
    const failed = { epoch: 1, state: "FAILED", milliseconds: 1000, error: { name: "TypeError" } };
    expect(step?.functionAttempts).toMatchObject([
      { attempt: 1, ...failed },
      { attempt: 2, ...failed },
      { epoch: 1, attempt: 3, state: "SUCCEEDED", milliseconds: 1000, endedAt: step?.endedAt },
    ]);
    // All of them are known, and so is the cost.
    expect(step?.cost).toMatchObject({ atLeast: false });
    expect((await runOf(memory, runId)).cost).toMatchObject({ atLeast: false });
  });

  it("are kept across a retry of the run", async () => {
    const { memory, fails } = failing(0);
    fails.times = 1;
    const runId = await begin(memory, "failing");
    expect((await memory.finish(runId)).state).toBe("FAILED");
    await retryRun(memory.engine, runId);
    await memory.finish(runId);
    const [step] = (await viewOf(memory, runId)).steps;
    expect(step?.functionAttempts).toMatchObject([
      { epoch: 1, attempt: 1, state: "FAILED", error: { name: "TypeError" } },
      { epoch: 2, attempt: 1, state: "SUCCEEDED" },
    ]);
  });

  it("are the last ten of many", async () => {
    const { memory, fails } = failing(20);
    fails.times = 15;
    const runId = await begin(memory, "failing");
    await memory.finish(runId);
    const { functionAttempts = [] } = await stepOf(memory, runId, "fetch");
    expect(functionAttempts.map(({ attempt }) => attempt)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(functionAttempts).toHaveLength(maxFunctionAttempts);
    // The earlier ones are forgotten, so the cost is a minimum.
    expect((await runOf(memory, runId)).cost).toMatchObject({ atLeast: true });
  });
});
