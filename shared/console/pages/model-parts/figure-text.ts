import type { Json } from "../../../pipeline/json.ts";
import type { ModelAlias } from "../../../ports/model-registry.ts";

/** A figure as it is if it is a whole number, else with six significant digits. */
export function figureText(value: Json): string {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The aliases of a version, with commas. */
export function aliasesOf(version: number, aliases: readonly ModelAlias[]): string {
  return aliases
    .filter((each) => each.version === version)
    .map(({ alias }) => alias)
    .join(", ");
}
