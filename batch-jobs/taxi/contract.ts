import * as z from "zod";
import { artifact, defineJob } from "../../shared/pipeline/index.ts";

/** The rides of a month, as the city publishes them: an object at one version. */
const month = z.object({
  uri: z.string().min(1),
  versionId: z.string().optional(),
  bytes: z.int().nonnegative(),
  year: z.int().min(2009).max(2099),
  month: z.int().min(1).max(12),
});

const count = z.int().nonnegative();
const minutes = z.number().nonnegative();

/** What became of a month's rows. */
const rows = z.object({
  read: count,
  kept: count,
  dropped: z.object({
    incomplete: count.describe("without a time, a zone or a distance"),
    otherMonth: count.describe("picked up in another month than the file's"),
    duration: count.describe("shorter than a minute or longer than an hour"),
  }),
});

/** Rides with their features, as add_features leaves them. */
const frame = z.object({ file: artifact, rows });

/** What the search chooses. */
const parameters = z.object({
  maxDepth: z.int().min(1).max(32),
  learningRate: z.number().positive().max(1),
  l2Regularization: z.number().nonnegative(),
});

/** A model in MLflow's format: the folder, and each file in it. */
const model = z.object({ uri: z.string().min(1), files: z.array(artifact).min(1) });

/** The same, though nobody may have told its checksums, as those of an MLflow run. */
const anyModel = z.object({
  uri: z.string().min(1),
  files: z.array(artifact.partial({ sha256: true, bytes: true, mediaType: true })).min(1),
});

const seed = z.int().min(0).max(4_294_967_295).default(42);
const rmse = z.object({ rmse: minutes });
const field = z.object({ name: z.string(), type: z.string() });

/** Jobs of the taxi family, durations of New York's taxi rides; the Python beside this file implements them. */
export const taxi = {
  /** Reads two months, drops what is no ride, and adds what a model is made of: route, distance, duration. */
  features: defineJob("taxi.features", {
    input: z.object({ training: month, validation: month }),
    output: z.object({
      training: frame,
      validation: frame,
      data: z
        .array(
          z.object({
            uri: z.string(),
            versionId: z.string().optional(),
            sha256: z.string().regex(/^[0-9a-f]{64}$/),
            bytes: count,
            rows: count,
          }),
        )
        .describe("the files that were read, the training month's first"),
      report: artifact,
    }),
    resources: { vcpus: 1, memory: [1024, 2048, 4096], timeoutSeconds: 1800 },
  }),

  /** Tries settings at random, as a seed draws them, and tells which one predicts the validation month best. */
  search: defineJob("taxi.search", {
    input: z.object({
      training: frame,
      validation: frame,
      maxEvals: z.int().min(1).max(200).default(10),
      seed,
    }),
    output: z.object({
      best: parameters,
      rmse: minutes.describe("of the best, on the validation month"),
      evaluations: z
        .array(parameters.extend({ rmse: minutes }))
        .describe("in the order in which they were made"),
      report: artifact,
    }),
    resources: { vcpus: 1, memory: [2048, 4096, 8192], timeoutSeconds: 7200 },
  }),

  /** Fits the model with given settings, stores it, and measures it and the champion on the validation month. */
  train: defineJob("taxi.train", {
    input: z.object({ training: frame, validation: frame, parameters, champion: model.nullable(), seed }),
    output: z.object({
      model,
      metrics: z.object({
        rmse: minutes.describe("on the validation month"),
        trainRmse: minutes,
        baseRmse: minutes.describe("of the training month's mean, on the validation month"),
        trainRows: count,
        validationRows: count,
        routes: count.describe("routes of the training month, each a feature"),
      }),
      candidate: rmse,
      champion: rmse.nullable(),
      base: rmse,
      signature: z.object({ inputs: z.array(field), outputs: z.array(field) }),
      report: artifact,
    }),
    resources: { vcpus: 1, memory: [2048, 4096, 8192], timeoutSeconds: 3600 },
  }),

  /** Predicts the durations of a month's rides and writes them beside the actual ones. */
  score: defineJob("taxi.score", {
    input: z.object({
      rides: month,
      model: anyModel,
      modelVersion: z.string().min(1).describe("what the rows are to say of the model"),
    }),
    output: z.object({
      predictions: artifact,
      rows,
      unseen: count.describe("rides on routes that the model has never seen"),
      rmse: minutes,
      phases: z
        .array(z.object({ phase: z.string(), rows: count, seconds: z.number().nonnegative() }))
        .describe("what the job did, in order"),
      report: artifact,
    }),
    resources: { vcpus: 1, memory: [1024, 2048, 4096], timeoutSeconds: 1800 },
  }),
};
