import * as z from "zod";
import { artifact, defineJob } from "../../../../shared/pipeline/index.ts";

/** Jobs of the line_count family; the Python beside this file implements them. */
export const line_count = {
  /** Counts the lines of a text, and their words. */
  count: defineJob("line_count.count", {
    input: z.object({ text: artifact }),
    output: z.object({ lines: z.int(), words: z.int(), report: artifact }),
    resources: { vcpus: 1, memory: 512, timeoutSeconds: 600 },
  }),
};
