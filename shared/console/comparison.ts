import type { Json } from "../pipeline/json.ts";
import { type FlatValue, flatText, flatValues } from "./flat-values.ts";

/** A value of each run, by name. Undefined where a run has none. */
export type Compared = { readonly name: string; readonly texts: readonly (string | undefined)[] };

/** Whether the runs' values differ. */
export function differs({ texts }: Compared): boolean {
  return texts.some((text) => text !== texts[0]);
}

/** The single values inside several values, side by side, in the order of their first appearance. */
export function comparedValues(
  values: readonly (Json | undefined)[],
  keeps: (value: FlatValue) => boolean = () => true,
): Compared[] {
  const flat = values.map((value) =>
    value === undefined ? new Map<string, FlatValue>() : flatValues(value),
  );
  const paths = [...new Set(flat.flatMap((each) => [...each.keys()]))];
  return paths.flatMap((path): Compared[] => {
    const found = flat.map((each) => each.get(path));
    if (found.some((value) => value !== undefined && !keeps(value))) return [];
    return [{ name: path, texts: found.map((value) => (value === undefined ? undefined : flatText(value))) }];
  });
}
