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
  /** Every version, newest first. */
  readonly versions: readonly ModelVersion[];
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

/** The versions that were asked for; else the champion, other versions with an alias, and the newest ones. */
function chosen(
  versions: readonly ModelVersion[],
  aliases: readonly ModelAlias[],
  asked: readonly number[] | undefined,
): ModelVersion[] {
  if (asked !== undefined) return versions.filter(({ version }) => asked.includes(version));
  const byChampion = aliases.toSorted(
    (a, b) => Number(b.alias === "champion") - Number(a.alias === "champion"),
  );
  const first = [...byChampion.map(({ version }) => version), ...versions.map(({ version }) => version)];
  const numbers = new Set([...new Set(first)].slice(0, maxShown));
  return versions.filter(({ version }) => numbers.has(version));
}

/**
 * One model in two rounds: its versions and aliases; the moves of each alias. The list takes the names, and for each
 * model its aliases, its champion and the moves.
 *
 * @throws ModelNotFoundError also if none of the versions that were asked for exists
 */
export async function readModels(
  { models }: Engine,
  { name, versions: asked }: RequestOf<"models">,
): Promise<ModelsPageData> {
  if (name === undefined) {
    const names = await models.listNames();
    const all = await mapConcurrently(names.slice(0, maxModels), async (each) => ({
      name: each,
      model: await section(summariseModel(models, each)),
    }));
    return { all, leftOut: Math.max(0, names.length - maxModels) };
  }
  const [listed, aliases] = await Promise.all([models.listVersions(name), models.listAliases(name)]);
  if (listed.length === 0) throw new ModelNotFoundError(name);
  const versions = listed.toReversed();
  const shown = chosen(versions, aliases, asked);
  if (shown.length === 0) throw new ModelNotFoundError(name, asked?.[0]);
  const moves = await section(movesOf(models, name, aliases));
  return { one: { name, versions, shown, aliases, moves } };
}
