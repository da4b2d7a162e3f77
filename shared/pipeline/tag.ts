import * as z from "zod";

/** What runs are marked and looked for by, such as `team:growth` or `2021-Q4`. */
export const tag = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/, {
  error: ({ input }) =>
    `is "${String(input)}"; it takes 1 to 64 letters, digits and . _ : / = -, and starts with a letter or digit`,
});

/** Most tags that a run has: each is an item beside it. */
export const mostTags = 20;

export const tags = z.array(tag).max(mostTags, `a run has at most ${mostTags} tags`);

/** Tags in the order in which a run has them: each once, by their text. */
export function tagsInOrder(given: Iterable<string>): string[] {
  return [...new Set(given)].sort();
}
