import * as z from "zod";
import { artifact } from "./job.ts";
import type { Json } from "./json.ts";
import { openObject } from "./stored-record.ts";

// Types of the model registry: shared/models implements it; pipelines and their functions use it.

/** Name of a model; its versions share it. */
export const modelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "is 1 to 40 lower-case letters, digits and -, and starts with a letter");

/** Name of an alias of one of a model's versions, such as `champion`. */
export const aliasName = modelName;

/** A model in MLflow's format: a folder and each of its files, `MLmodel` among them. */
export const modelFolder = z.object({
  uri: z.string().startsWith("s3://"),
  files: z.array(artifact).min(1).max(1000),
});
export type ModelFolder = z.infer<typeof modelFolder>;

/** Data that a model was trained on: exact version, checksum (hex SHA-256), size in bytes, number of rows. */
export const modelData = z.object({
  uri: z.string().startsWith("s3://"),
  versionId: z.string().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  rows: z.int().nonnegative().optional(),
});
export type ModelData = z.infer<typeof modelData>;

const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const scalar = z.union([z.string().max(500), z.number(), z.boolean(), z.null()]);

const described = {
  name: modelName,
  /** The model's metrics by name, such as `testLogLoss`. */
  metrics: z.record(z.string().min(1).max(100), z.number()),
  /** The parameters of the training. */
  parameters: z.record(z.string().min(1).max(100), scalar).default({}),
  data: z.array(modelData).max(1000).default([]),
  /** The model's inputs and outputs, in MLflow's format. */
  signature: json.optional(),
  seed: z.int().optional(),
  tags: z.record(z.string().min(1).max(100), z.string().max(500)).default({}),
};

/**
 * Other objects that belong to a version, by name, such as a profile of the data. They are copied next to the model's
 * folder.
 */
const attachments = z.record(z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/), artifact).default({});

/** A model that a step registers. */
export const modelRegistration = z.strictObject({ ...described, model: modelFolder, attachments });
export type ModelRegistration = z.infer<typeof modelRegistration>;

/** Who asked for something: a step of a run, or a person. */
export const modelActor = z.union([
  openObject({ runId: z.string(), step: z.string(), index: z.int().nonnegative() }),
  openObject({ person: z.string() }),
]);
export type ModelActor = z.infer<typeof modelActor>;

/** The attempt that made a model, as far as its location and its run's records show. */
export const modelTraining = openObject({
  pipeline: z.string(),
  runId: z.string(),
  step: z.string(),
  index: z.int().nonnegative(),
  epoch: z.int().positive(),
  attempt: z.int().positive(),
  /** The Batch job, and the content of its image; absent for a function. */
  job: z.string().optional(),
  image: z.string().optional(),
  /** Seconds that the step took. */
  seconds: z.number().nonnegative().optional(),
  /** Estimated cost of the step with all its attempts, in US dollars: see shared/run/run-cost.ts. */
  costUsd: z.number().nonnegative().optional(),
});
export type ModelTraining = z.infer<typeof modelTraining>;

const keptArtifact = openObject(artifact.shape);

/** A registered version of a model. It never changes. */
export const modelVersion = openObject({
  ...described,
  data: z.array(openObject(modelData.shape)).default([]),
  version: z.int().positive(),
  /** ISO 8601, UTC. */
  registeredAt: z.string(),
  registeredBy: modelActor,
  /** The registry's copy of the model, in a folder of its own that never expires. */
  model: openObject({ ...modelFolder.shape, files: z.array(keptArtifact) }),
  attachments: z.record(z.string(), keptArtifact).default({}),
  /** SHA-256 over the paths and checksums of the files: equal for models with equal content. */
  digest: z.string(),
  /** The folder that the model was copied from. */
  source: z.string(),
  training: modelTraining.optional(),
  /** Git commit of the deployment that registered it, or `unknown` and why. */
  commit: z.string(),
});
export type ModelVersion = z.infer<typeof modelVersion>;

/** By how much a candidate must be better, and in which metric. */
export const modelGate = z.strictObject({
  /** The metric that decides, such as `logLoss`. */
  metric: z.string().min(1).max(100),
  better: z.enum(["lower", "higher"]),
  /** Minimum improvement, as a share of the champion's metric: 0.001 is 0.1 %. 0 accepts any improvement. */
  minimumGain: z.number().min(0).max(1),
});
export type ModelGate = z.infer<typeof modelGate>;

const figures = z.record(z.string(), z.json());

/** Candidate and champion, measured on the same held-out data. */
export const modelEvaluation = z.object({
  candidate: figures,
  /** Metrics of the version that was champion at that time; null if there was none. */
  champion: figures.nullable(),
  /** Metrics of a model that knows only the average, on the same data. */
  base: figures,
  /** The version that was champion at that time. */
  against: z.int().positive().nullable(),
  /** Anything that identifies the held-out data. Objects with a `sha256` are compared by content, not by location. */
  data: json,
});
export type ModelEvaluation = z.infer<typeof modelEvaluation>;

/** A request to give a version an alias if it passes the gate. */
export const promotionRequest = z.strictObject({
  name: modelName,
  version: z.int().positive(),
  alias: aliasName.default("champion"),
  evaluation: modelEvaluation,
  gate: modelGate,
});
export type PromotionRequest = z.infer<typeof promotionRequest>;

/** The decision of the gate. */
export type Promotion = {
  name: string;
  version: number;
  alias: string;
  promoted: boolean;
  /** The reason in words and numbers. */
  reason: string;
  /** The version that has the alias now; null if none has. */
  holder: number | null;
};

/** The model registry, as a step's function uses it. */
export type StepModels = {
  /**
   * Registers a model: copies its files to a folder of their own, then writes the version. The same files from the same
   * place are the same version, however often they are registered.
   *
   * @throws FatalError with the reason if the model can't be registered
   */
  register(registration: z.input<typeof modelRegistration>): Promise<ModelVersion>;
  /**
   * Gives a version an alias if it passes the gate.
   *
   * @throws FatalError if the evaluation lacks what the gate needs, or the version doesn't exist
   */
  promote(request: z.input<typeof promotionRequest>): Promise<Promotion>;
  /** A version by number or alias; null if there is none. */
  read(name: string, version: number | string): Promise<ModelVersion | null>;
  /** The version with the alias `champion`; null if there is none. */
  champion(name: string): Promise<ModelVersion | null>;
};
