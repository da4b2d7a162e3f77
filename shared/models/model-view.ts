import { isJsonObject, type Json } from "../pipeline/json.ts";
import type { ModelVersion } from "../pipeline/model.ts";
import { gainOf } from "./gain.ts";
import { ModelNotFoundError } from "./model-errors.ts";
import type { AliasMove, ModelAlias, ModelRegistry } from "./model-registry.ts";
import { readVersion } from "./read-version.ts";

/** A model as a list of models shows it. Times are ISO 8601 in UTC. */
export type ModelSummary = {
  readonly name: string;
  readonly aliases: readonly ModelAlias[];
  /** The version with the alias `champion`. */
  readonly champion?: Pick<ModelVersion, "version" | "registeredAt" | "metrics">;
};

/** A model with its versions, the newest first. */
export type ModelDetails = {
  readonly name: string;
  readonly aliases: readonly ModelAlias[];
  readonly versions: readonly (Pick<ModelVersion, "version" | "registeredAt" | "metrics" | "tags"> & {
    readonly aliases: readonly string[];
    /** The run that made it. */
    readonly runId?: string;
  })[];
};

/** One thing in which two versions differ; null stands for what one of them does not have. */
export type ModelDifference = {
  readonly field: string;
  readonly a: Json;
  readonly b: Json;
  /** Of two numbers: by how much b is more, as a share of a. */
  readonly change?: number;
};

/** Every model that has a version. */
export async function viewModels(models: ModelRegistry): Promise<ModelSummary[]> {
  const names = await models.listNames();
  return Promise.all(
    names.map(async (name) => {
      const aliases = await models.listAliases(name);
      const champion = await readVersion(models, name, "champion");
      if (champion === undefined) return { name, aliases };
      const { version, registeredAt, metrics } = champion;
      return { name, aliases, champion: { version, registeredAt, metrics } };
    }),
  );
}

/**
 * A model's versions and aliases.
 *
 * @throws ModelNotFoundError
 */
export async function viewModel(models: ModelRegistry, name: string): Promise<ModelDetails> {
  const [versions, aliases] = await Promise.all([models.listVersions(name), models.listAliases(name)]);
  if (versions.length === 0) throw new ModelNotFoundError(name);
  return {
    name,
    aliases,
    versions: versions.reverse().map(({ version, registeredAt, metrics, tags, training }) => ({
      version,
      registeredAt,
      metrics,
      tags,
      aliases: aliases.flatMap((each) => (each.version === version ? [each.alias] : [])),
      ...(training !== undefined && { runId: training.runId }),
    })),
  };
}

/**
 * A version by number or alias.
 *
 * @throws ModelNotFoundError
 */
export async function viewVersion(
  models: ModelRegistry,
  name: string,
  version: number | string,
): Promise<ModelVersion> {
  const found = await readVersion(models, name, version);
  if (found === undefined) throw new ModelNotFoundError(name, version);
  return found;
}

/**
 * The moves of all aliases of a model, in the order of their times.
 *
 * @throws ModelNotFoundError
 */
export async function viewLog(models: ModelRegistry, name: string): Promise<AliasMove[]> {
  const aliases = await models.listAliases(name);
  if (aliases.length === 0) await viewModel(models, name);
  const moves = await Promise.all(aliases.map(({ alias }) => models.listMoves(name, alias)));
  return moves.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.number - b.number));
}

/** What is compared of a version, by field. */
function comparable(version: ModelVersion): Map<string, Json> {
  const { metrics, parameters, seed, tags, data, digest, signature, training, commit } = version;
  const fields = { metrics, parameters, seed, tags, signature, digest, commit };
  const of = training && { job: training.job, image: training.image };
  const spent = training && { seconds: training.seconds, costUsd: training.costUsd };
  const total = (each: (part: (typeof data)[number]) => number) =>
    data.reduce((sum, part) => sum + each(part), 0);
  const dataset = {
    files: data.length,
    bytes: total(({ bytes }) => bytes),
    rows: data.some(({ rows }) => rows === undefined) ? undefined : total(({ rows = 0 }) => rows),
    sha256: data.map(({ sha256 }) => sha256.slice(0, 12)).join(" "),
  };
  const all = Object.entries({ ...fields, data: dataset, training: { ...of, ...spent } });
  return new Map(
    all.flatMap(([name, value]): [string, Json][] => {
      if (value === undefined) return [];
      if (!isJsonObject(value) || name === "signature") return [[name, value]];
      return Object.entries(value).flatMap(([key, part]): [string, Json][] =>
        part === undefined ? [] : [[`${name}.${key}`, part]],
      );
    }),
  );
}

/** In what two versions differ; figures are told even where they are the same. */
export function compareVersions(a: ModelVersion, b: ModelVersion): ModelDifference[] {
  const [ofA, ofB] = [comparable(a), comparable(b)];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((field) => {
    const [left = null, right = null] = [ofA.get(field), ofB.get(field)];
    const isSame = JSON.stringify(left) === JSON.stringify(right);
    if (isSame && !field.startsWith("metrics.")) return [];
    if (typeof left !== "number" || typeof right !== "number") return [{ field, a: left, b: right }];
    return [{ field, a: left, b: right, change: gainOf("higher", right, left) }];
  });
}
