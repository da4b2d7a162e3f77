import { UsageError } from "../errors.ts";

/** A pipeline's name in each form that its files use. */
export type PipelineNames = {
  /** `sales-forecast`: the pipeline and its file. */
  readonly kebab: string;
  /** `salesForecast`: the constant. */
  readonly camel: string;
  /** `sales_forecast`: the job family, a Python package. */
  readonly snake: string;
};

/** Words that TypeScript or Python reserves, or that the files already use. */
const taken: ReadonlySet<string> = new Set([
  ...[
    "abstract",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
  ],
  ...[
    "debugger",
    "def",
    "default",
    "del",
    "delete",
    "do",
    "elif",
    "else",
    "enum",
    "except",
    "export",
    "extends",
  ],
  ...[
    "false",
    "finally",
    "for",
    "from",
    "function",
    "global",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
  ],
  ...["interface", "is", "lambda", "let", "match", "new", "nonlocal", "not", "null", "or", "package", "pass"],
  ...[
    "private",
    "protected",
    "public",
    "raise",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
  ],
  ...["try", "type", "typeof", "undefined", "var", "void", "while", "with", "yield"],
  ...[
    "batch",
    "index",
    "jobs",
    "pipelines",
    "schemas",
    "sdk",
    "step",
    "map",
    "params",
    "summarise",
    "tests",
    "z",
  ],
]);

/** The forms of a pipeline's name. @throws MillraceError if the name is invalid, or code can't use it */
export function pipelineNames(name: string): PipelineNames {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 40) {
    throw new UsageError(
      `NAME is "${name}"; it takes 1 to 40 lower-case letters, digits and single -, and starts with a letter: sales-forecast`,
    );
  }
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (taken.has(camel))
    throw new UsageError(`NAME is "${name}", which is a reserved word`, {
      remedy: `Use a longer one, such as ${name}-data.`,
    });
  return { kebab: name, camel, snake: name.replaceAll("-", "_") };
}
