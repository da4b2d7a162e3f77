import * as z from "zod";
import { defineJob } from "../../../../shared/pipeline/index.ts";

/** Jobs of the tests; the Python beside this file implements them. */
export const trial = {
  /** Does what its input says: takes so many seconds, and fails for good in epochs before it was mended. */
  work: defineJob("trial.work", {
    input: z.object({
      value: z.number(),
      seconds: z.number().nonnegative().default(0),
      mendedIn: z.int().default(1),
    }),
    output: z.object({ value: z.number(), attempt: z.int() }),
    resources: { vcpus: 1, memory: 128 },
  }),
};
