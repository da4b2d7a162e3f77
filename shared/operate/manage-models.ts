import * as z from "zod";
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
import type { Engine } from "../ports/engine.ts";
import type { AliasMove } from "../ports/model-registry.ts";

const number = z.int().positive();
/** A version by its number, or by an alias such as `champion`. */
const version = z.union([number, aliasName]);
/** Who makes the change, and why. Both go into the log. */
const attribution = {
  by: z.string().min(1).max(200),
  why: z.string().min(1, "is empty; the log keeps the reason").max(500),
};

/** The requests that operators can make to the model registry. */
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
    ...attribution,
  }),
  z.strictObject({
    action: z.literal("model-rollback"),
    name: modelName,
    alias: aliasName.default("champion"),
    /** The version that loses the alias. If another version has it, the request does nothing. */
    from: number,
    ...attribution,
  }),
] as const;
type ModelRequest = z.output<(typeof modelRequests)[number]>;

/** The answers of the model registry. */
export type ModelAnswer =
  | ModelSummary[]
  | ModelDetails
  | ModelVersion
  | ModelDifference[]
  | AliasMove[]
  | AliasMove;

type RequestFields<A extends ModelRequest["action"]> = Omit<Extract<ModelRequest, { action: A }>, "action">;

/**
 * The action for each request about models.
 *
 * @throws ModelNotFoundError, ModelAliasError; nothing was moved then
 */
export const modelActions: {
  readonly [A in ModelRequest["action"]]: (engine: Engine, fields: RequestFields<A>) => Promise<ModelAnswer>;
} = {
  models: ({ models }) => viewModels(models),
  model: ({ models }, { name }) => viewModel(models, name),
  "model-version": ({ models }, { name, version }) => viewVersion(models, name, version),
  "model-log": ({ models }, { name }) => viewLog(models, name),
  "model-compare": async ({ models }, { name, a, b }) =>
    compareVersions(await viewVersion(models, name, a), await viewVersion(models, name, b)),
  "model-alias": (engine, { by, ...request }) => setAlias(engine, { ...request, by: { person: by } }),
  "model-rollback": (engine, { by, ...request }) => rollBackAlias(engine, { ...request, by: { person: by } }),
};
