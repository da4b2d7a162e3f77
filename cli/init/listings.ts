import { readFileSync } from "node:fs";
import path from "node:path";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import type { NewFile } from "./from-template.ts";
import type { PipelineNames } from "./names.ts";

/** A file that lists pipelines or job families, and how to add one to it. */
type Listing = {
  readonly file: string;
  readonly what: string;
  add(text: string, names: PipelineNames): string | undefined;
};

const index: Listing = {
  file: "pipelines/index.ts",
  what: "the pipeline to the list `pipelines`",
  add(text, { camel, kebab }) {
    const [whole, before, members] = /(export const pipelines[^=]*= \[)([^\]]*)\];/.exec(text) ?? [];
    if (whole === undefined || before === undefined || members === undefined) return undefined;
    const listed = [members.trim().replace(/,$/, ""), camel].filter((part) => part !== "").join(", ");
    return `import { ${camel} } from "./${kebab}.ts";\n${text.replace(whole, () => `${before}${listed}];`)}`;
  },
};

const ofJobs: readonly Listing[] = [
  {
    file: "batch-jobs/pyproject.toml",
    what: "the family to `files` of [tool.mypy]",
    add(text, { snake }) {
      const line = /^files = \[(.*)\]$/m;
      return line.test(text)
        ? text.replace(line, (_, files: string) => `files = ["${snake}", ${files}]`)
        : undefined;
    },
  },
  {
    file: "batch-jobs/requirements-dev.in",
    what: "a line `-r FAMILY/requirements.in`",
    add(text, { snake }) {
      const first = /^-r .*\/requirements\.in$/m;
      return first.test(text)
        ? text.replace(first, (line) => `-r ${snake}/requirements.in\n${line}`)
        : undefined;
    },
  },
];

/**
 * The repository's lists with a new pipeline and, if it has one, its job family.
 *
 * @param root of the repository
 * @throws MillraceError if somebody changed the form of a list; it says what to add by hand
 */
export function listed(root: string, template: "function" | "batch", names: PipelineNames): NewFile[] {
  const listings = template === "batch" ? [index, ...ofJobs] : [index];
  return listings.map(({ file, what, add }) => {
    const text = add(readFileSync(path.join(root, file), "utf8"), names);
    if (text !== undefined) return { path: file, text };
    throw new MillraceError("FILE_FORM", `${file} has a form that this command does not know`, {
      remedy: `Add ${what} by hand, like its neighbours.`,
    });
  });
}
