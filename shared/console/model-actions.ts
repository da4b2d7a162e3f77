import { standingHolders } from "../models/alias-log.ts";
import type { AliasMove, ModelAlias } from "../ports/model-registry.ts";
import type { Form } from "./host/host.ts";

const why = { name: "why", label: "Why (the log keeps it)" } as const;

/** Aliases that a version can get from the page: the champion, and up to two that the model has. */
export function movableAliases(aliases: readonly ModelAlias[]): string[] {
  const others = aliases.map(({ alias }) => alias).filter((alias) => alias !== "champion");
  return ["champion", ...others.slice(0, 2)];
}

/** A form that gives a version an alias. `manage` refuses it without a reason. */
export function promoteForm(
  name: string,
  alias: string,
  version: number,
  aliases: readonly ModelAlias[],
): Form | undefined {
  const holder = aliases.find((each) => each.alias === alias)?.version;
  if (holder === version) return undefined;
  const loses = holder === undefined ? "No version has it now." : `Version ${holder} loses it.`;
  return {
    name: `promote${version}${alias.replace(/[^a-z0-9]/g, "")}`,
    fields: [why],
    submit: `Make version ${version} ${alias}`,
    to: {
      ...{ action: "model-alias", name, alias, version, by: "console", why: "" },
      confirm: `Make version ${version} of model ${name} its ${alias}? Whatever reads the ${alias} uses version ${version} from then on. ${loses} No gate decides.`,
    },
  };
}

/** A form that returns an alias to the version that had it before; undefined if there was none. */
export function rollBackForm(
  name: string,
  { alias, version }: ModelAlias,
  moves: readonly AliasMove[],
): Form | undefined {
  const before = standingHolders(moves.filter((move) => move.alias === alias)).at(-2);
  if (before === undefined) return undefined;
  return {
    name: `rollback${alias.replace(/[^a-z0-9]/g, "")}`,
    fields: [why],
    submit: `Roll ${alias} back to version ${before}`,
    to: {
      ...{ action: "model-rollback", name, alias, from: version, by: "console", why: "" },
      confirm: `Roll ${alias} of model ${name} back from version ${version} to version ${before}? Whatever reads the ${alias} uses version ${before} from then on.`,
    },
  };
}
