import { join } from "node:path";
import { filesFor } from "../cli/init/from-template.ts";
import type { Catalogue } from "../local/stack/deploy-catalogue.ts";
import { listFamilies } from "../resources/images/family.ts";

const root = join(import.meta.dirname, "..");

const numbered = (what: string, number: number) => `${what}-${String(number).padStart(3, "0")}`;
const camelCase = (kebab: string) => kebab.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Files of a job family, as `millrace init --batch` creates them. */
function familyFiles(number: number): [string, string][] {
  const kebab = numbered("family", number);
  const snake = kebab.replaceAll("-", "_");
  return (
    filesFor(root, "batch", { kebab, camel: camelCase(kebab), snake })
      .filter(({ path }) => path.startsWith(`batch-jobs/${snake}/`))
      // A catalogue's files are given without the last line break.
      .map(({ path, text }) => [path, text.replace(/\n$/, "")])
  );
}

/**
 * A pipeline of six steps, with a schedule and an object trigger. Every tenth is also triggered by the pipeline before
 * it.
 */
function pipelineText(number: number, families: number, imports: string): string {
  const family = numbered("family", number % families).replaceAll("-", "_");
  const before = numbered("pipeline", number - 1);
  const follows = number % 10 === 0;
  return `
    import * as z from "zod";
    import { batch, cron, definePipeline, lambda, objectCreated, runSucceeded, type StepContext } from "../shared/pipeline/index.ts";
    import { ${family} as jobs } from "../batch-jobs/${family}/contract.ts";
    ${follows ? `import { ${camelCase(before)} } from "./${before}.ts";` : ""}
    ${imports}
    async function writeText({ text }: { text: string }, { artifacts }: StepContext) {
      return { file: await artifacts.write("text-${number}.txt", text, "text/plain") };
    }
    export function summarise${number}({ lines, words }: { lines: number; words: number }): { wordsPerLine: number } {
      return { wordsPerLine: lines === 0 ? 0 : words / lines ${imports === "" ? "" : "+ heavy(lines)"} };
    }
    export const ${camelCase(numbered("pipeline", number))} = definePipeline(
      {
        name: "${numbered("pipeline", number)}",
        params: z.strictObject({
          text: z.string().min(1).default("one line"),
          threshold: z.number().min(0).max(1).default(0.5),
          source: z.strictObject({ uri: z.string() }).nullable().default(null),
        }),
        maxActiveRuns: 3,
        tags: ["team:${number % 7}"],
        triggers: [
          cron("${number % 60} 3 * * *", { timezone: "UTC" }),
          objectCreated({ prefix: "raw/in-${number}/", params: ({ uri }) => ({ source: { uri } }) }),
          ${follows ? `runSucceeded({ pipeline: ${camelCase(before)}, params: ({ params }) => ({ text: params.text }) }),` : ""}
        ],
      },
      ({ params, step }) => {
        const text = step("write_text", lambda({ text: params.text }, writeText));
        const { lines, words } = step("count", batch(jobs.count, { text: text.file }), { retries: 2 });
        const first = step("first", lambda({ lines, words }, summarise${number}));
        const second = step("second", lambda({ lines: first.wordsPerLine, words }, summarise${number}));
        const third = step("third", lambda({ lines, words: second.wordsPerLine }, summarise${number}), { retries: 3 });
        return step("last", lambda({ lines: third.wordsPerLine, words: first.wordsPerLine }, summarise${number}));
      },
    );`;
}

/** A module of at least this many bytes that does its work when it's loaded. */
function heavyModule(bytes: number): string {
  const row = (place: number) =>
    `{ name: "row ${place}", values: [${place}, ${place + 1}, ${place + 2}] },\n`;
  let text = "";
  for (let place = 0; text.length < bytes; place += 1) text += row(place);
  return `const rows = [\n${text}].map((row) => ({ ...row, sum: row.values.length }));
    export const heavy = (place: number): number => rows[place]?.sum ?? 0;`;
}

/**
 * A catalogue of generated pipelines, each in its own file, and of the given number of job families.
 *
 * @param heavyBytes size of a module that one step of the first pipeline imports; by default there is none
 */
export function generatedCatalogue(size: {
  pipelines: number;
  families: number;
  heavyBytes?: number;
}): Catalogue {
  const { pipelines, families, heavyBytes } = size;
  // The product's own job families are part of every service.
  const generated = families - listFamilies(root).length;
  const numbers = Array.from({ length: pipelines }, (_, place) => place + 1);
  const imports = (number: number) =>
    number === 1 && heavyBytes !== undefined ? 'import { heavy } from "./heavy.ts";' : "";
  const names = numbers.map((number) => numbered("pipeline", number));
  return {
    index: [
      ...names.map((name) => `import { ${camelCase(name)} } from "./${name}.ts";`),
      `export const pipelines = [${names.map(camelCase).join(", ")}];`,
    ].join("\n"),
    sources: [],
    files: {
      ...Object.fromEntries(Array.from({ length: generated }, (_, place) => familyFiles(place)).flat()),
      ...Object.fromEntries(
        numbers.map((number) => [
          `pipelines/${numbered("pipeline", number)}.ts`,
          pipelineText(number, generated, imports(number)),
        ]),
      ),
      ...(heavyBytes !== undefined && { "pipelines/heavy.ts": heavyModule(heavyBytes) }),
    },
  };
}
