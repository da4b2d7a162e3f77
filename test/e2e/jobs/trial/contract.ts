import * as z from "zod";
import { defineJob } from "../../../../shared/pipeline/index.ts";

/** Jobs of the tests. The Python code beside this file implements them. */
export const trial = {
  /** Does what its input says: takes some seconds, and fails for good in the epochs before it was fixed. */
  work: defineJob("trial.work", {
    input: z.object({
      value: z.number(),
      seconds: z.number().nonnegative().default(0),
      succeedsInEpoch: z.int().default(1),
    }),
    output: z.object({ value: z.number(), attempt: z.int() }),
    resources: { vcpus: 1, memory: 128 },
  }),
  /** The same on Lambda, and on a larger machine if it outgrows that. */
  nimble: defineJob("trial.nimble", {
    input: z.object({ value: z.number(), seconds: z.number().nonnegative().default(0) }),
    output: z.object({ value: z.number(), attempt: z.int() }),
    resources: { runs: "auto", vcpus: 1, memory: [128, 4096], timeoutSeconds: 600 },
  }),
};
