import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin } from "./driving.ts";

const commit = "a".repeat(40);
const failing = definePipeline({ name: "failing", params: z.strictObject({}) }, ({ step }) => {
  step(
    "fail",
    lambda({}, () => {
      throw new Error("no");
    }),
    { retries: 0 },
  );
});

/** A run that failed, of an engine with a commit. */
async function failedRun(engineCommit: string) {
  const memory = new MemoryEngine([failing]);
  memory.engine = { ...memory.engine, commit: engineCommit };
  const runId = await begin(memory, "failing");
  return { memory, run: await memory.finish(runId) };
}

test("a run keeps the commit of the code that started it, also if other code retries it", async () => {
  const { memory, run } = await failedRun(commit);
  expect(run.commit).toBe(commit);
  memory.engine = { ...memory.engine, commit: "b".repeat(40) };
  await retryRun(memory.engine, run.runId);
  expect((await memory.finish(run.runId)).commit).toBe(commit);
});

test("a run of functions that don't know their commit keeps none", async () => {
  const { run } = await failedRun("unknown: this function is not told");
  expect(run).not.toHaveProperty("commit");
});
