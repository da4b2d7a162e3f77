import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { PipelineNames } from "./names.ts";

/** A file to write: its path in the repository, with `/`, and its text. */
export type NewFile = { readonly path: string; readonly text: string };

/** The names in the templates that a new pipeline's names replace. */
const example: PipelineNames = { kebab: "line-count", camel: "lineCount", snake: "line_count" };

function renamed(text: string, names: PipelineNames): string {
  return text
    .replaceAll(example.kebab, names.kebab)
    .replaceAll(example.snake, names.snake)
    .replaceAll(example.camel, names.camel);
}

/** Templates lie two folders deeper than the pipelines made from them, so imports of the engine differ. */
const fromRoot = (text: string) => text.replace(/"\.\.\/\.\.\/((?:\.\.\/)+shared\/)/g, '"$1');

/**
 * The files of a new pipeline: a copy of the template under the new name. Templates are ordinary pipelines, linted,
 * type-checked and tested where they lie.
 *
 * @param root of the repository
 */
export function filesFor(root: string, template: "function" | "batch", names: PipelineNames): NewFile[] {
  const folder = path.join(root, "templates", template);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      path: renamed(path.relative(folder, file).replaceAll(path.sep, "/"), names),
      text: fromRoot(renamed(readFileSync(file, "utf8"), names)),
    }));
}
