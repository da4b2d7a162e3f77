import * as z from "zod";
import { artifact, defineJob } from "../../shared/pipeline/index.ts";

/** A file of rows as validation found it. Training uses it only if it is still the same, byte for byte. */
const file = z.object({
  uri: z.string().min(1),
  versionId: z.string().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  rows: z.int().nonnegative(),
});

/** The files of a data set, oldest rows first. */
const files = z.array(file).min(1);

/** The share of the newest rows, which are never used for training. */
const testShare = z.number().min(0.001).max(0.9).default(0.1);

/** A model in MLflow's format: the folder, and each file in it. */
const model = z.object({ uri: z.string().min(1), files: z.array(artifact).min(1) });

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const field = z.object({ name: z.string(), type: z.string() });

/** Jobs of the ctr family, which predicts click-through rates. The Python files in this folder implement them. */
export const ctr = {
  /** Reads a file once and describes it, or refuses it and names the column, the line and what to do. */
  validate: defineJob("ctr.validate", {
    input: z.object({
      file: z.object({ uri: z.string().min(1), versionId: z.string().optional() }),
      champion: artifact.nullable().describe("profile of the data that the champion was trained on"),
      limits: z
        .strictObject({
          minRows: z.int().positive().default(1000),
          maxNullShare: share.default(0.01),
          minClickRate: share.default(0.01),
          maxClickRate: share.default(0.5),
          maxUnseenShare: share.default(0.5),
        })
        .prefault({}),
    }),
    output: z.object({
      file,
      clicks: count,
      clickRate: share,
      firstHour: z.string(),
      lastHour: z.string(),
      unseenShare: z.record(z.string(), share).nullable(),
      profile: artifact,
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [2048, 4096], timeoutSeconds: 3600 },
  }),

  /** Fits a logistic regression on hashed features in one pass, and tests it on the newest rows. */
  train: defineJob("ctr.train", {
    input: z.object({
      files,
      testShare,
      optimizer: z
        .enum(["ftrl", "sgd"])
        .default("ftrl")
        .describe("FTRL-Proximal, or scikit-learn's averaged gradient descent"),
      penalty: z.enum(["l2", "l1", "none"]).default("l2"),
      alpha: z.number().nonnegative().default(1e-6).describe("how much the penalty counts"),
      eta0: z
        .number()
        .positive()
        .default(0.15)
        .describe(
          "learning rate: of ftrl that of each weight, which falls; of sgd constant, where .05 does well",
        ),
      featureBits: z.int().min(8).max(26).default(20).describe("2 to this many weights"),
      seed: z.int().min(0).max(4_294_967_295).default(42).describe("of the shuffles, which sgd alone has"),
      epochs: z.int().min(1).max(100).default(1),
      chunkRows: z.int().min(100).max(1_000_000).default(100_000).describe("rows that sgd shuffles together"),
      checkpointSeconds: z.number().nonnegative().default(30).describe("time between two checkpoints"),
    }),
    output: z.object({
      model,
      metrics: z.object({
        rows: count,
        trainRows: count,
        testRows: count,
        clickRate: share.describe("of the rows trained on"),
        trainLogLoss: z.number().describe("of each row just before it was learnt from, in the last epoch"),
        testLogLoss: z.number(),
        baseLogLoss: z.number().describe("of a model that knows only the click rate of the test rows"),
        seconds: z.number().nonnegative(),
        rowsPerSecond: z.number().nonnegative(),
      }),
      signature: z.object({ inputs: z.array(field), outputs: z.array(field) }),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [1024, 2048], timeoutSeconds: 3600 },
  }),

  /** Scores a model on the newest rows, and the champion on the same rows if there is one. */
  evaluate: defineJob("ctr.evaluate", {
    input: z.object({ candidate: model, champion: model.nullable(), files, testShare }),
    output: z.object({
      testRows: count,
      baseLogLoss: z.number().describe("of a model that knows only the click rate of these rows"),
      candidate: z.object({ logLoss: z.number() }),
      champion: z.object({ logLoss: z.number() }).nullable(),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [1024, 2048], timeoutSeconds: 3600 },
  }),
};
