import { isJsonObject, type Json } from "../pipeline/json.ts";
import type { ModelVersion } from "../pipeline/model.ts";
import type { AliasMove, ModelAlias, ModelRegistry } from "../ports/model-registry.ts";
import { gainOf } from "./gain.ts";
import { dataDigest } from "./model-digest.ts";
import { ModelNotFoundError } from "./model-errors.ts";
import { readVersion } from "./read-version.ts";

/** A model in a list of models. Times are ISO 8601 in UTC. */
export type ModelSummary = {
  readonly name: string;
  readonly aliases: readonly ModelAlias[];
  /** Name of the metric that gates have decided by; absent if none has. */
  readonly metric?: string;
  /** The version with the alias `champion`. */
  readonly champion?: Pick<ModelVersion, "version" | "registeredAt" | "metrics">;
};

/** A model with its versions, the newest first. */
export type ModelDetails = {
  readonly name: string;
  readonly aliases: readonly ModelAlias[];
  /** Name of the metric that gates have decided by; absent if none has. */
  readonly metric?: string;
  readonly versions: readonly (Pick<ModelVersion, "version" | "registeredAt" | "metrics" | "tags"> & {
    readonly aliases: readonly string[];
    /** The run that made it. */
    readonly runId?: string;
  })[];
};

/** A field in which two versions differ; null stands for a version that doesn't have it. */
export type ModelDifference = {
  readonly field: string;
  readonly a: Json;
  readonly b: Json;
  /** Only for two numbers: how much larger b is, as a share of a. */
  readonly change?: number;
};

/** The moves of aliases, ordered by time. */
export async function movesOf(
  models: ModelRegistry,
  name: string,
  aliases: readonly ModelAlias[],
): Promise<AliasMove[]> {
  const moves = await Promise.all(aliases.map(({ alias }) => models.listMoves(name, alias)));
  return moves.flat().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.number - b.number));
}

/**
 * The version's name for the metric that a gate last decided by: the gate's name, or that name after `test`, since a
 * version lists the metrics of its training and of its test separately.
 */
export function gateMetric(
  moves: readonly AliasMove[],
  { metrics }: Pick<ModelVersion, "metrics">,
): string | undefined {
  const metric = moves.findLast(({ figures }) => figures !== undefined)?.figures?.metric;
  if (metric === undefined) return undefined;
  const names = [metric, `test${metric.charAt(0).toUpperCase()}${metric.slice(1)}`];
  return names.find((name) => name in metrics);
}

/** A model with its champion, if it has one. */
export async function summariseModel(models: ModelRegistry, name: string): Promise<ModelSummary> {
  const aliases = await models.listAliases(name);
  const champion = await readVersion(models, name, "champion");
  if (champion === undefined) return { name, aliases };
  const { version, registeredAt, metrics } = champion;
  const metric = gateMetric(await movesOf(models, name, aliases), champion);
  const summary = { name, aliases, champion: { version, registeredAt, metrics } };
  return metric === undefined ? summary : { ...summary, metric };
}

/** Every model that has at least one version. */
export async function viewModels(models: ModelRegistry): Promise<ModelSummary[]> {
  const names = await models.listNames();
  return Promise.all(names.map((name) => summariseModel(models, name)));
}

/**
 * A model's versions and aliases.
 *
 * @throws ModelNotFoundError
 */
export async function viewModel(models: ModelRegistry, name: string): Promise<ModelDetails> {
  const [versions, aliases] = await Promise.all([models.listVersions(name), models.listAliases(name)]);
  const newest = versions.at(-1);
  if (newest === undefined) throw new ModelNotFoundError(name);
  const metric = gateMetric(await movesOf(models, name, aliases), newest);
  return {
    name,
    aliases,
    ...(metric !== undefined && { metric }),
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
 * A version, by number or alias.
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
 * The moves of all of a model's aliases, ordered by time.
 *
 * @throws ModelNotFoundError
 */
export async function viewLog(models: ModelRegistry, name: string): Promise<AliasMove[]> {
  const aliases = await models.listAliases(name);
  if (aliases.length === 0) await viewModel(models, name);
  return movesOf(models, name, aliases);
}

/**
 * Whether two versions were tested on the same data; undefined if unknown. If a gate promoted both versions, the
 * digests of their test data are compared. Otherwise the versions' own data is compared, which the test data is a part
 * of.
 */
export function haveSameTestData(
  a: ModelVersion,
  b: ModelVersion,
  moves: readonly AliasMove[],
): boolean | undefined {
  const [left, right] = [a, b].map(
    ({ version }) => moves.findLast(({ to, figures }) => to === version && figures)?.figures?.data,
  );
  if (left !== undefined && right !== undefined) return left === right;
  if (a.data.length === 0 || b.data.length === 0) return undefined;
  return dataDigest(a.data) === dataDigest(b.data);
}

/** The comparable fields of a version. */
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

/** The differences of two versions. Metrics are always listed, even if they're equal. */
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
