import * as z from "zod";

/** Marks runs so that people can find them, such as `team:growth` or `2021-Q4`. */
export const tag = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/, {
  error: ({ input }) =>
    `is "${String(input)}"; it takes 1 to 64 letters, digits and . _ : / = -, and starts with a letter or digit`,
});

/** Maximum number of tags of a run: each tag is a separate item next to the run. */
export const maxTags = 20;

export const tags = z.array(tag).max(maxTags, `a run has at most ${maxTags} tags`);

/** A step's tags as one text, the form that its jobs on AWS carry. */
export const tagsText = (given: readonly string[]) => given.join(" ");

/** Maximum length of a resource tag's value on AWS. */
const maxLengthOnAws = 256;

/** A step's tags: its jobs and its log lines carry them. */
export const stepTags = z.array(tag).refine((given) => tagsText(given).length <= maxLengthOnAws, {
  error: ({ input }) =>
    `are ${tagsText(input as string[]).length} characters together; a job on AWS may have ${maxLengthOnAws}`,
});

/** What is wrong with the tags of a definition, with the field of each problem. */
export function tagProblems(
  schema: typeof tags | typeof stepTags,
  given: readonly string[],
): { field: string; problem: string }[] {
  const issues = schema.safeParse(given).error?.issues ?? [];
  return issues.map(({ path, message }) => ({ field: ["tags", ...path].join("."), problem: message }));
}

/** Tags in the order that runs store them: sorted by text, without duplicates. */
export function tagsInOrder(given: Iterable<string>): string[] {
  return [...new Set(given)].sort();
}
