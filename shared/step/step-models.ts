import type * as z from "zod";
import type { Engine } from "../engine.ts";
import { promoteVersion } from "../models/promote-version.ts";
import { readVersion } from "../models/read-version.ts";
import { registerVersion } from "../models/register-version.ts";
import { attemptOfKey } from "../objects/layout.ts";
import { parseObjectUri } from "../objects/object-store.ts";
import { stepNamed } from "../pipeline/graph.ts";
import { jobParts } from "../pipeline/job.ts";
import {
  type ModelTraining,
  modelRegistration,
  promotionRequest,
  type StepModels,
} from "../pipeline/model.ts";
import { FatalError } from "../pipeline/step-errors.ts";

/** What a function asked of the model registry is not in the form that it takes. */
export class ModelRequestError extends FatalError {
  override readonly name = "ModelRequestError";
}

function parsed<T extends z.ZodType>(schema: T, request: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(request);
  if (success) return data;
  const lines = error.issues.map(({ path, message }) => `${path.join(".") || "request"}: ${message}`);
  throw new ModelRequestError(lines.join("; "));
}

/** Seconds that a step took; undefined while it has not ended. */
function secondsOf(record: { startedAt: string; endedAt?: string } | undefined): number | undefined {
  if (record?.endedAt === undefined) return undefined;
  return (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000;
}

/**
 * The attempt that made a model, found by where the model lies: of a result that was cached, that is the run which did
 * the work. Undefined for a model that no run made.
 */
async function trainingOf(engine: Engine, uri: string): Promise<ModelTraining | undefined> {
  const place = attemptOfKey(`${parseObjectUri(uri).key}/`);
  if (place === undefined) return undefined;
  const { runId, step } = place;
  const run = await engine.store.getRun(runId);
  const graph = run && (await engine.store.getGraph(run.graphHash));
  const task = graph && stepNamed(graph, step)?.task;
  const record = await engine.store.getStep(place);
  const job = task?.kind === "batch" ? task.job : undefined;
  const image = job === undefined ? undefined : engine.jobVersions.get(jobParts(job).family);
  const seconds = secondsOf(record);
  return {
    ...place,
    ...(job !== undefined && { job }),
    ...(image !== undefined && { image }),
    ...(seconds !== undefined && { seconds }),
  };
}

/** The model registry for the function of a step. */
export function modelsFor(engine: Engine, by: { runId: string; step: string; index: number }): StepModels {
  return {
    async register(registration) {
      const asked = parsed(modelRegistration, registration);
      const training = await trainingOf(engine, asked.model.uri);
      const { commit } = engine;
      return registerVersion(engine, asked, {
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
