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

/** How many of a month's rows were kept, and how many dropped. */
const rows = z.object({
  read: count,
  kept: count,
  dropped: z.object({
    incomplete: count.describe("without a time, a zone or a distance"),
    otherMonth: count.describe("picked up in another month than the file's"),
    duration: count.describe("shorter than a minute or longer than an hour"),
  }),
});

/** Rides with their features, as `taxi.features` writes them. */
const frame = z.object({ file: artifact, rows });

/** The settings that the search chooses. */
const parameters = z.object({
  maxDepth: z.int().min(1).max(32),
  learningRate: z.number().positive().max(1),
  l2Regularization: z.number().nonnegative(),
});

/** A model in MLflow's format: the folder, and each file in it. */
const model = z.object({ uri: z.string().min(1), files: z.array(artifact).min(1) });

/** The same, but checksums may be missing, as for the files of an MLflow run. */
const anyModel = z.object({
  uri: z.string().min(1),
  files: z.array(artifact.partial({ sha256: true, bytes: true, mediaType: true })).min(1),
});

const seed = z.int().min(0).max(4_294_967_295).default(42);
const rmse = z.object({ rmse: minutes });
const field = z.object({ name: z.string(), type: z.string() });

/** Jobs of the taxi family, which predicts durations of taxi rides. The Python files in this folder implement them. */
export const taxi = {
  /** Reads two months, drops rows that aren't valid rides, and adds route and duration. */
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

  /** Draws settings at random by a seed, and returns those that predict the validation month best. */
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

  /** Predicts the durations of a month's rides, and writes them next to the actual durations. */
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
