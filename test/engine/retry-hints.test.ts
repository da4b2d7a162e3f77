import * as z from "zod";
import { batch, defineJob, definePipeline } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { startManually } from "./driving.ts";

const work = defineJob("demo.work", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});

describe("a child of an array job that waits for its retry", () => {
  // Found by the simulation's limit on writes, seed 102154: each sweep sent one more hint, and each hint kept itself
  // alive.
  it.each([
    ["for a short time", 600, 1],
    ["for longer than a message can be delayed", 3600, 0],
  ])("has at most its own hint in flight %s, however often it is swept", async (_what, delay, hints) => {
    const pipeline = definePipeline({ name: "slow-retry", params: z.strictObject({}) }, ({ map }) => {
      map("each", [1, 2], (n) => batch(work, { n }), { retries: { limit: 1, delay } });
    });
    const fails = (input: unknown) => {
      if ((input as { n: number }).n === 2) throw new Error("two fails");
      return { n: 1 };
    };
    const memory = new MemoryEngine([pipeline], { "demo.work": fails });
    await startManually(memory.engine, { pipeline: "slow-retry" });
    while (await memory.turn());
    for (let sweep = 0; sweep < 4; sweep += 1) {
      memory.clock.moveTo(memory.clock.now() + 121_000);
      await sweepRuns(memory.engine);
    }
    expect(memory.queue.messages()).toHaveLength(hints);
  });
});
