import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { crashing } from "./crashing-engine.ts";
import { begin, pass, runOf } from "./driving.ts";

/** A step that fails as long as the test wants it to. */
function checked() {
  const fails = { now: true };
  const pipeline = definePipeline({ name: "checked", params: z.strictObject({}) }, ({ step }) => {
    step(
      "check",
      lambda({}, () => {
        if (fails.now) throw new Error("as the test wants it");
        return null;
      }),
      { retries: 0 },
    );
  });
  return { memory: new MemoryEngine([pipeline]), fails };
}

const figuresOf = (memory: MemoryEngine) => memory.store.listFigures({ since: "0", until: "9" });

describe("the figures by day", () => {
  it("count each run on the day of its end, with its time and its cost", async () => {
    const { memory, fails } = checked();
    const failed = await begin(memory, "checked");
    await memory.finish(failed);
    fails.now = false;
    const succeeded = await begin(memory, "checked");
    await memory.finish(succeeded);
    const runs = [await runOf(memory, failed), await runOf(memory, succeeded)];
    const nanodollars = runs.reduce((sum, { cost }) => sum + Math.round((cost?.dollars ?? 0) * 1e9), 0);
    const [figures, ...others] = await figuresOf(memory);
    expect(others).toEqual([]);
    expect(figures).toMatchObject({ pipeline: "checked", ends: { FAILED: 1, SUCCEEDED: 1 }, atLeast: false });
    expect(figures?.dollars).toBe(nanodollars / 1e9);
    expect(nanodollars).toBeGreaterThan(0);
  });

  it("lose a run that is retried, and count it again when it ends, two days later", async () => {
    const { memory, fails } = checked();
    const runId = await begin(memory, "checked");
    await memory.finish(runId);
    const [before] = await figuresOf(memory);
    memory.clock.moveTo(memory.clock.now() + 2 * 86_400_000);
    fails.now = false;
    await retryRun(memory.engine, runId);
    expect(await figuresOf(memory)).toEqual([]);
    await memory.finish(runId);
    const [after] = await figuresOf(memory);
    expect(after).toMatchObject({ ends: { SUCCEEDED: 1 } });
    expect(Date.parse(after?.day ?? "") - Date.parse(before?.day ?? "")).toBe(2 * 86_400_000);
    // The days between the end and the retry are no time under way.
    expect(after?.milliseconds).toBeLessThan(60_000);
  });

  it.each(["before", "after"] as const)("count a run once if the worker dies %s any call", async (when) => {
    for (let at = 1; ; at += 1) {
      const { memory, fails } = checked();
      fails.now = false;
      const runId = await begin(memory, "checked");
      const [message] = memory.queue.receive();
      if (message === undefined) throw new Error("a hint was sent");
      const { engine, seen } = crashing(memory.engine, at, when);
      await handleStepMessage(engine, message, Number.POSITIVE_INFINITY).catch(() => {});
      for (let minutes = 0; minutes < 60 && (await runOf(memory, runId)).state === "RUNNING"; minutes += 1)
        await pass(memory, 60);
      expect(await figuresOf(memory)).toMatchObject([{ ends: { SUCCEEDED: 1 } }]);
      if (!seen.crashed) break;
    }
  });
});
