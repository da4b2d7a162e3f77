/** The names of some options. The compiler sees to it that it has all of them and no other. */
export type OptionNames<O> = { readonly [K in keyof O]-?: true };

/** What something that a definition uses was told wrong; the definition tells it with all else. */
export type Mistaken = { readonly mistakes?: readonly string[] };

/** Edits that turn one word into another: letters put in, taken out or replaced (Levenshtein, 1966). */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (const [place, letter] of [...one].entries()) {
    const next = [place + 1];
    for (const [column, wanted] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The known name that a name is likely meant to be; undefined when none is near. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const edits = (other: string) => editsBetween(name.toLowerCase(), other.toLowerCase());
  const [first] = known.toSorted((a, b) => edits(a) - edits(b));
  return first !== undefined && edits(first) <= Math.max(2, name.length / 3) ? first : undefined;
}

/** A mistake for each key of some options that is none: what is misspelt would otherwise be dropped without a word. */
export function unknownOptions(options: object, names: object): string[] {
  const known = Object.keys(names);
  return Object.keys(options)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      const remedy = meant === undefined ? "" : `did you mean ${meant}? `;
      return `${key} is no option; ${remedy}it has ${known.join(", ")}`;
    });
}

/** The same, as the message of a strict schema of zod. */
export function unknownKeys(names: object) {
  return ({ code, keys = [] }: { code: string; keys?: readonly string[] }): string | undefined =>
    code === "unrecognized_keys"
      ? unknownOptions(Object.fromEntries(keys.map((key) => [key, true])), names).join("; ")
      : undefined;
}

/** The same, for what is made of the options to carry along to its definition. */
export function mistakesIn(options: object, names: object): Mistaken {
  const mistakes = unknownOptions(options, names);
  return mistakes.length === 0 ? {} : { mistakes };
}
