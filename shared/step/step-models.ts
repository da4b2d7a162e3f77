import type * as z from "zod";
import { promoteVersion } from "../models/promote-version.ts";
import { readVersion } from "../models/read-version.ts";
import { registerVersion } from "../models/register-version.ts";
import { attemptOfKey } from "../objects/layout.ts";
import { type StepNode, stepNamed } from "../pipeline/graph.ts";
import { jobParts } from "../pipeline/job.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import {
  type ModelTraining,
  modelRegistration,
  promotionRequest,
  type StepModels,
} from "../pipeline/model.ts";
import type { Engine } from "../ports/engine.ts";
import { parseObjectUri } from "../ports/object-store.ts";
import { runCost } from "../run/run-cost.ts";
import { type FoundStep, hasEnded } from "../state/step-record.ts";

/** A function's request to the model registry doesn't have the required form. */
export class ModelRequestError extends errorOf("MODEL_REQUEST") {}

function parsed<T extends z.ZodType>(schema: T, request: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(request);
  if (success) return data;
  const lines = error.issues.map(({ path, message }) => `${path.join(".") || "request"}: ${message}`);
  throw new ModelRequestError(lines.join("; "));
}

/** Seconds from start to end; undefined if the step has no record or hasn't ended. */
function secondsOf(record: FoundStep | undefined): number | undefined {
  if (record === undefined || !hasEnded(record)) return undefined;
  return (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000;
}

/** The Batch job of an attempt, with its image: the one that ran, or else the one that is deployed. */
function jobOf(
  engine: Engine,
  { epoch, attempt }: ModelTraining,
  task: StepNode["task"] | undefined,
  record: FoundStep | undefined,
): Pick<ModelTraining, "job" | "image"> {
  if (task?.kind !== "batch") return {};
  const { job } = task;
  const ran = record?.jobAttempts?.find((each) => each.epoch === epoch && each.attempt === attempt);
  const image = ran?.image ?? engine.jobVersions.get(jobParts(job).family);
  return { job, ...(image !== undefined && { image }) };
}

/**
 * The attempt that made a model, found by the model's location. For a cached result, that's the run that did the work.
 * Undefined if no run made the model.
 */
async function trainingOf(engine: Engine, uri: string): Promise<ModelTraining | undefined> {
  const place = attemptOfKey(`${parseObjectUri(uri).key}/`);
  if (place === undefined) return undefined;
  const run = await engine.store.getRun(place.runId);
  const graph = run && (await engine.store.getGraph(run.graphHash));
  const record = await engine.store.getStep(place);
  const task = graph && stepNamed(graph, place.step)?.task;
  const seconds = secondsOf(record);
  const cost = graph && record && runCost(graph, [record]).steps.get(place.step);
  return {
    ...place,
    ...jobOf(engine, place, task, record),
    ...(seconds !== undefined && { seconds }),
    ...(cost !== undefined && { costUsd: cost.dollars }),
  };
}

/** The model registry, as a step's function sees it. */
export function modelsFor(engine: Engine, by: { runId: string; step: string; index: number }): StepModels {
  return {
    async register(registration) {
      const request = parsed(modelRegistration, registration);
      const training = await trainingOf(engine, request.model.uri);
      const { commit } = engine;
      return registerVersion(engine, request, {
        registeredBy: by,
        commit,
        ...(training !== undefined && { training }),
      });
    },
    promote: async (request) => promoteVersion(engine, parsed(promotionRequest, request), by),
    read: async (name, version) => (await readVersion(engine.models, name, version)) ?? null,
    champion: async (name) => (await readVersion(engine.models, name, "champion")) ?? null,
  };
}
