import * as z from "zod";
import { artifact, defineJob } from "../../shared/pipeline/index.ts";

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const perplexity = z.number().min(1);
const seed = z.int().min(0).max(4_294_967_295).default(42);

/** Threads on a CPU. The order of additions depends on them, and so do the last bits of a result. */
const threads = z.int().min(1).max(64).default(2);

/** The poems of one form in a lake, as the lake's manifest describes them. */
const poems = z.object({
  lake: z.string().endsWith("/").describe("prefix of the poems"),
  catalogue: z.object({ uri: z.string().min(1), sha256, bytes: count }),
  form: z.string().min(1).describe("such as ballad; the other forms are left out"),
});

/**
 * A GPT-2 to fine-tune: the prefix, ending in `/`, of its config.json, model.safetensors and tokenizer.json, below raw/
 * or models/ of the stage's bucket.
 */
const pretrained = z
  .object({ uri: z.string().endsWith("/") })
  .nullable()
  .default(null);

/** A part of the poems as 16-bit tokens in a .npy, with an end-of-text token before each poem and at the end. */
const part = z.object({
  tokens: artifact,
  poems: count,
  tokenCount: count,
  bytes: count.describe("of the poems' text"),
});

/** A model in MLflow's format: the folder, and each file in it. */
const model = z.object({ uri: z.string().min(1), files: z.array(artifact).min(1) });

const field = z.object({ name: z.string(), type: z.string() });

/** Jobs of the poem_model family, a small language model of poems. The Python files in this folder implement them. */
export const poem_model = {
  /** Reads the poems of one form, and encodes them as tokens by byte-pair encoding learnt from the training part. */
  tokenise: defineJob("poem_model.tokenise", {
    input: z.object({
      poems,
      trainShare: z.number().min(0.1).max(0.95).default(0.7).describe("of the poems, the first in order"),
      vocabularySize: z
        .int()
        .min(257)
        .max(65_536)
        .default(4096)
        .describe("at most; a pretrained model has its own"),
      pretrained,
    }),
    output: z.object({
      tokeniser: artifact,
      vocabularySize: count,
      train: part,
      validation: part,
      empty: count.describe("poems left out, as there is nothing in them"),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [2048, 4096, 8192], timeoutSeconds: 3600 },
  }),

  /** Trains a transformer on the training part, from random weights or from a pretrained model. */
  train: defineJob("poem_model.train", {
    input: z.object({
      tokeniser: artifact,
      train: part,
      pretrained,
      model: z
        .strictObject({
          seqLen: z.int().min(8).max(4096).default(256).describe("tokens that it sees at once"),
          layers: z.int().min(1).max(48).default(6),
          heads: z.int().min(1).max(64).default(6),
          width: z.int().min(8).max(4096).default(384).describe("a multiple of heads"),
          dropout: z.number().min(0).max(0.9).default(0.1),
        })
        .prefault({})
        .describe("a pretrained model has its own layers, heads and width"),
      steps: z.int().min(1).max(10_000_000).default(3000).describe("at most"),
      batchSize: z
        .int()
        .min(1)
        .max(65_536)
        .default(32)
        .describe("sequences a step, however many fit into memory"),
      learningRate: z.number().positive().max(1).default(1e-3).describe("at the end of the warm-up"),
      warmupSteps: z.int().nonnegative().default(100),
      weightDecay: z.number().nonnegative().default(0.1),
      clipNorm: z.number().positive().default(1),
      evaluateSteps: z.int().min(1).default(100).describe("steps between two looks at what is kept apart"),
      patience: z.int().min(1).default(5).describe("looks without a better one after which training stops"),
      checkpointSteps: z.int().min(1).default(200).describe("steps between two checkpoints"),
      precision: z
        .enum(["auto", "float32", "bfloat16"])
        .default("auto")
        .describe("auto: bfloat16 where the GPU has it"),
      threads,
      seed,
    }),
    output: z.object({
      model,
      metrics: z.object({
        steps: count,
        bestStep: count.describe("the step whose weights are the model"),
        stoppedEarly: z.boolean(),
        trainLoss: z.number().describe("nats a token, mean of the last steps"),
        bestLoss: z.number().describe("nats a token, on the end of the training part, which is kept apart"),
        parameters: count,
        tokens: count.describe("learnt from, of all steps"),
        tokensPerSecond: z.number().nonnegative().describe("of this try"),
        peakMemoryBytes: count.describe("of the GPU, or of the process where there is none"),
        microBatchSize: count.describe(
          "sequences at once: fewer than batchSize when those did not fit into memory",
        ),
        seconds: seconds.describe("of this try"),
      }),
      device: z.string().describe("cpu, or the name of the GPU"),
      precision: z.enum(["float32", "bfloat16"]),
      signature: z.object({ inputs: z.array(field), outputs: z.array(field) }),
      curves: artifact.describe("a picture of loss and learning rate by step"),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [4096, 8192, 15_000], timeoutSeconds: 6 * 3600 },
  }),

  /** Measures a model on the held-out part, and also a model that knows only token frequencies. */
  evaluate: defineJob("poem_model.evaluate", {
    input: z.object({
      model,
      train: part.describe("what the model was trained on: the frequencies are counted there"),
      validation: part,
      threads,
    }),
    output: z.object({
      tokens: count.describe("predicted, the same ones by both models"),
      perplexity,
      unigramPerplexity: perplexity,
      bitsPerByte: z.number().nonnegative().describe("can be compared between tokenisers"),
      unigramBitsPerByte: z.number().nonnegative(),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [2048, 4096, 8192], timeoutSeconds: 3600 },
  }),

  /** Writes poems. */
  sample: defineJob("poem_model.sample", {
    input: z.object({
      model,
      count: z.int().min(1).max(1000).default(10),
      prompt: z.string().max(1000).default("").describe("how each poem begins"),
      maxTokens: z.int().min(1).max(4096).default(200).describe("of one poem"),
      temperature: z.number().positive().max(10).default(0.8),
      topK: z.int().min(1).default(50).describe("likeliest tokens that are drawn from"),
      threads,
      seed,
    }),
    output: z.object({
      poems: artifact.describe("JSON: a list of texts"),
      report: artifact,
    }),
    resources: { vcpus: 2, memory: [2048, 4096], timeoutSeconds: 1800 },
  }),
};
