import * as z from "zod";
import { startByHand } from "../../shared/operate/start-by-hand.ts";
import { batch, defineJob, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";

/** A job that takes a number and returns one. */
export const train = defineJob("demo.train", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const numbers = z.strictObject({ list: z.array(z.number()).default([1, 2, 3]) });

/** Counts how often each call happened. */
export class Calls {
  readonly counts: Record<string, number> = {};
  add(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/**
 * A first step, a map of jobs of which the second can fail, a map of functions that can fail likewise, and a last step.
 */
export function sweep(calls: Calls, broken: { jobs: boolean; functions: boolean }) {
  const pipeline = definePipeline({ name: "sweep", params: numbers }, ({ params, step, map }) => {
    const before = step(
      "before",
      lambda({}, () => {
        calls.add("before");
        return 1;
      }),
    );
    const trained = map("train", params.list, (n) => batch(train, { n }), { after: [before] });
    const scored = map("score", params.list, (n) =>
      lambda({ n }, ({ n }) => {
        calls.add(`score ${n}`);
        if (n === 2 && broken.functions) throw new Error("two cannot be scored");
        return n;
      }),
    );
    step(
      "after",
      lambda({ trained, scored }, ({ trained, scored }) => trained.length + scored.length),
    );
  });
  const jobs = {
    "demo.train": (input: unknown) => {
      const { n } = input as { n: number };
      calls.add(`train ${n}`);
      if (n === 2 && broken.jobs) throw new Error("two cannot be trained");
      return { n };
    },
  };
  return new MemoryEngine([pipeline], jobs);
}

/** Id of a run that was started by hand. */
export const started = async (memory: MemoryEngine, pipeline = "sweep") =>
  (await startByHand(memory.engine, { pipeline })).runId;
