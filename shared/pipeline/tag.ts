import * as z from "zod";

/** What runs are marked and looked for by, such as `team:growth` or `2021-Q4`. */
export const tag = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/, {
  error: ({ input }) =>
    `is "${String(input)}"; it takes 1 to 64 letters, digits and . _ : / = -, and starts with a letter or digit`,
});

/** Most tags that a run has: each is an item beside it. */
export const maxTags = 20;

export const tags = z.array(tag).max(maxTags, `a run has at most ${maxTags} tags`);

/** Tags of a step as one text, which is how its jobs on AWS have them. */
export const tagsText = (given: readonly string[]) => given.join(" ");

/** Longest value that a tag of a resource on AWS may have. */
const maxLengthOnAws = 256;

/** Tags of a step: what its jobs and its lines in the log are marked by. */
export const stepTags = z.array(tag).refine((given) => tagsText(given).length <= maxLengthOnAws, {
  error: ({ input }) =>
    `are ${tagsText(input as string[]).length} characters together; a job on AWS may have ${maxLengthOnAws}`,
});

/** What is wrong with the tags of a definition, and in which of its fields. */
export function tagProblems(
  schema: typeof tags | typeof stepTags,
  given: readonly string[],
): { field: string; problem: string }[] {
  const issues = schema.safeParse(given).error?.issues ?? [];
  return issues.map(({ path, message }) => ({ field: ["tags", ...path].join("."), problem: message }));
}

/** Tags in the order in which a run has them: each once, by their text. */
export function tagsInOrder(given: Iterable<string>): string[] {
  return [...new Set(given)].sort();
}
