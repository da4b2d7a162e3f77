import * as z from "zod";
import type { Engine } from "../engine.ts";
import type { AliasMove } from "../models/model-registry.ts";
import {
  compareVersions,
  type ModelDetails,
  type ModelDifference,
  type ModelSummary,
  viewLog,
  viewModel,
  viewModels,
  viewVersion,
} from "../models/model-view.ts";
import { rollBackAlias, setAlias } from "../models/move-alias.ts";
import { aliasName, type ModelVersion, modelName } from "../pipeline/model.ts";

const number = z.int().positive();
/** A version by its number, or by an alias such as `champion`. */
const version = z.union([number, aliasName]);
/** Who says so, and why: both go into the log. */
const said = { by: z.string().min(1).max(200), why: z.string().min(1).max(500) };

/** What operators can ask of the model registry. */
export const modelRequests = [
  z.strictObject({ action: z.literal("models") }),
  z.strictObject({ action: z.literal("model"), name: modelName }),
  z.strictObject({ action: z.literal("model-version"), name: modelName, version }),
  z.strictObject({ action: z.literal("model-compare"), name: modelName, a: version, b: version }),
  z.strictObject({ action: z.literal("model-log"), name: modelName }),
  z.strictObject({
    action: z.literal("model-alias"),
    name: modelName,
    alias: aliasName,
    version: number,
    ...said,
  }),
  z.strictObject({
    action: z.literal("model-rollback"),
    name: modelName,
    alias: aliasName.default("champion"),
    /** The version that is to lose the alias: the request does nothing when another one has it. */
    from: number,
    ...said,
  }),
] as const;
export type ModelRequest = z.output<(typeof modelRequests)[number]>;

/** What the model registry answers. */
export type ModelAnswer =
  | ModelSummary[]
  | ModelDetails
  | ModelVersion
  | ModelDifference[]
  | AliasMove[]
  | AliasMove;

/**
 * Answers what an operator asks of the model registry.
 *
 * @throws ModelNotFoundError, ModelAliasError; nothing was moved then
 */
export async function manageModels(engine: Engine, asked: ModelRequest): Promise<ModelAnswer> {
  const { models } = engine;
  if (asked.action === "models") return viewModels(models);
  const { name } = asked;
  if (asked.action === "model") return viewModel(models, name);
  if (asked.action === "model-version") return viewVersion(models, name, asked.version);
  if (asked.action === "model-log") return viewLog(models, name);
  if (asked.action === "model-compare") {
    return compareVersions(
      await viewVersion(models, name, asked.a),
      await viewVersion(models, name, asked.b),
    );
  }
  const request = { name, alias: asked.alias, by: { person: asked.by }, why: asked.why };
  if (asked.action === "model-alias") return setAlias(engine, { ...request, version: asked.version });
  return rollBackAlias(engine, { ...request, from: asked.from });
}
