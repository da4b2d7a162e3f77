import * as z from "zod";
import { artifact, defineJob } from "../../shared/pipeline/index.ts";

const alpha = z.number().positive();

/** Jobs of the ridge family. The Python files in this folder implement them. */
export const ridge = {
  /** Makes the run's dataset: generated from its scheduled time, or read from the CSV that started it. */
  download: defineJob("ridge.download", {
    input: z.object({
      scheduledAt: z.iso.datetime(),
      source: z.object({ uri: z.string(), versionId: z.string().optional() }).nullable(),
    }),
    output: z.object({ file: artifact, rows: z.int() }),
    resources: { runs: "auto", vcpus: 1, memory: 2048, timeoutSeconds: 600 },
  }),

  /** Splits a dataset: three quarters for training, and a quarter for the test. */
  split: defineJob("ridge.split", {
    input: z.object({ dataset: artifact }),
    output: z.object({ train: artifact, test: artifact }),
    resources: { runs: "auto", vcpus: 1, memory: 2048, timeoutSeconds: 600 },
  }),

  /** Fits one ridge regression. */
  train: defineJob("ridge.train", {
    input: z.object({ train: artifact, alpha }),
    output: z.object({ alpha, model: artifact }),
    resources: { runs: "auto", vcpus: 1, memory: 2048, timeoutSeconds: 600 },
  }),

  /** Scores one model on the test set: R², the share of the variance that it explains. */
  evaluate: defineJob("ridge.evaluate", {
    input: z.object({ alpha, model: artifact, test: artifact }),
    output: z.object({ alpha, model: artifact, r2: z.number(), report: artifact }),
    resources: { runs: "auto", vcpus: 1, memory: 2048, timeoutSeconds: 600 },
  }),
};
