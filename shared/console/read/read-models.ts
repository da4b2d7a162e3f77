import { ModelNotFoundError } from "../../models/model-errors.ts";
import { type ModelSummary, movesOf, summariseModel } from "../../models/model-view.ts";
import type { ModelVersion } from "../../pipeline/model.ts";
import { mapConcurrently } from "../../platform/map-concurrently.ts";
import type { Engine } from "../../ports/engine.ts";
import type { AliasMove, ModelAlias } from "../../ports/model-registry.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, section } from "../sources.ts";

/** One model with all that is known of it. */
export type ModelPageData = {
  readonly name: string;
  /** A page of its versions, newest first. */
  readonly versions: readonly ModelVersion[];
  /** Whether it has older ones. */
  readonly more: boolean;
  /** The versions that are shown side by side, newest first. */
  readonly shown: readonly ModelVersion[];
  readonly aliases: readonly ModelAlias[];
  /** Moves of all aliases, from the first to the last. */
  readonly moves: Section<readonly AliasMove[]>;
};

/** One model, or the list of models: those that could not be read say why. */
export type ModelsPageData =
  | { readonly one: ModelPageData }
  | {
      readonly all: readonly { readonly name: string; readonly model: Section<ModelSummary> }[];
      readonly leftOut: number;
    };

/** Models that the list reads; each is four reads. */
export const maxModels = 50;
/** Versions side by side. */
export const maxShown = 5;

/** Versions in the list. */
const maxListed = 50;

/** Which versions to show: those that were asked for; else the champion, others with an alias, and the newest ones. */
function chosen(
  versions: readonly ModelVersion[],
  aliases: readonly ModelAlias[],
  asked: readonly number[] | undefined,
): number[] {
  if (asked !== undefined) return [...new Set(asked)];
  const byChampion = aliases.toSorted(
    (a, b) => Number(b.alias === "champion") - Number(a.alias === "champion"),
  );
  const first = [...byChampion.map(({ version }) => version), ...versions.map(({ version }) => version)];
  return [...new Set(first)].slice(0, maxShown);
}

/** Versions by their numbers, newest first. Those outside of the list are read; unknown numbers are left out. */
async function versionsOf(
  { models }: Engine,
  name: string,
  listed: readonly ModelVersion[],
  numbers: readonly number[],
): Promise<ModelVersion[]> {
  const known = new Map(listed.map((each) => [each.version, each]));
  const found = await Promise.all(
    numbers.map((version) => known.get(version) ?? models.getVersion(name, version)),
  );
  return found.flatMap((each) => each ?? []).toSorted((a, b) => b.version - a.version);
}

/**
 * One model in two rounds: a page of its versions, and its aliases; the moves of each alias, and shown versions that are
 * not on that page. The list takes the names, and for each model its aliases, its champion and the moves.
 *
 * @throws ModelNotFoundError also if none of the versions that were asked for exists
 */
export async function readModels(
  engine: Engine,
  { name, versions: asked, below }: RequestOf<"models">,
): Promise<ModelsPageData> {
  const { models } = engine;
  if (name === undefined) {
    const names = await models.listNames();
    const all = await mapConcurrently(names.slice(0, maxModels), async (each) => ({
      name: each,
      model: await section(summariseModel(models, each)),
    }));
    return { all, leftOut: Math.max(0, names.length - maxModels) };
  }
  const [listed, aliases] = await Promise.all([
    models.newestVersions(name, maxListed + 1, below),
    models.listAliases(name),
  ]);
  if (listed.length === 0 && below === undefined) throw new ModelNotFoundError(name);
  const [shown, moves] = await Promise.all([
    versionsOf(engine, name, listed, chosen(listed, aliases, asked)),
    section(movesOf(models, name, aliases)),
  ]);
  if (shown.length === 0) throw new ModelNotFoundError(name, asked?.[0]);
  const more = listed.length > maxListed;
  return { one: { name, versions: listed.slice(0, maxListed), more, shown, aliases, moves } };
}
