/** The names of an options type. The compiler checks that the table has all of them and no others. */
export type OptionNames<O> = { readonly [K in keyof O]-?: true };

/** The mistakes in the options of a part; the definition that uses the part reports them with its own. */
export type Mistaken = { readonly mistakes?: readonly string[] };

/** Number of edits that turn one word into another: letters inserted, removed or replaced (Levenshtein, 1966). */
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

/** The known name that a name was probably meant to be; undefined if none is near. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const edits = (other: string) => editsBetween(name.toLowerCase(), other.toLowerCase());
  const [first] = known.toSorted((a, b) => edits(a) - edits(b));
  return first !== undefined && edits(first) <= Math.max(2, name.length / 3) ? first : undefined;
}

/** Reports each unknown option key, so typos aren't silently dropped. */
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

/** The same as {@link unknownOptions}, as the error message of a strict zod schema. */
export function unknownKeys(names: object) {
  return ({ code, keys = [] }: { code: string; keys?: readonly string[] }): string | undefined =>
    code === "unrecognized_keys"
      ? unknownOptions(Object.fromEntries(keys.map((key) => [key, true])), names).join("; ")
      : undefined;
}

/** The same as {@link unknownOptions}, for a part that carries its mistakes to the definition that uses it. */
export function mistakesIn(options: object, names: object): Mistaken {
  const mistakes = unknownOptions(options, names);
  return mistakes.length === 0 ? {} : { mistakes };
}
