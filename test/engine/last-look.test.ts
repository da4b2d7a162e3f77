import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { MemoryEngine } from "../../shared/testing/test-pipeline.ts";
import { sweepRun } from "../../shared/worker/sweep-run.ts";

describe("the last look at a cancelled run", () => {
  // Found by the simulation, seed 555892: an index that was behind had the run closed before a late worker's claim.
  it("is not taken before its time, whoever asks", async () => {
    const pipeline = definePipeline({ name: "stopped", params: z.strictObject({}) }, ({ step }) => {
      step(
        "work",
        lambda({}, () => 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const cause = { kind: "manual" } as const;
    const { runId } = await startRun(memory.engine, { pipeline: "stopped", cause, causeKey: "" });
    await cancelRun(memory.engine, runId);
    const isDue = async () => (await memory.store.dueRuns(Number.POSITIVE_INFINITY, 1)).length === 1;
    await sweepRun(memory.engine, runId);
    expect(await isDue()).toBe(true);
    memory.clock.moveTo(memory.clock.now() + 200_000);
    await sweepRun(memory.engine, runId);
    expect(await isDue()).toBe(false);
  });
});
