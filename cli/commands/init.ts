import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { NODE_BIN, REPOSITORY, VENV } from "../../local/stack/paths.ts";
import { pipelines } from "../../pipelines/index.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { filesFor, type NewFile } from "../init/from-template.ts";
import { listed } from "../init/listings.ts";
import { type PipelineNames, pipelineNames } from "../init/names.ts";

/** Refuses to overwrite existing files, before anything is written. */
function checkNoConflicts(files: readonly NewFile[], { kebab, snake }: PipelineNames): void {
  if (pipelines.some(({ name }) => name === kebab)) {
    throw new MillraceError("NAME_TAKEN", `NAME is "${kebab}", which pipelines/index.ts already has`);
  }
  const folders = files.some(({ path: file }) => file.startsWith("batch-jobs/"))
    ? [`batch-jobs/${snake}`]
    : [];
  const there = [...folders, ...files.map((file) => file.path)].filter((file) =>
    existsSync(path.join(REPOSITORY, file)),
  );
  if (there.length > 0) {
    throw new MillraceError("NAME_TAKEN", `${there[0]} already exists, and nothing is overwritten`, {
      remedy: "Choose another name, or remove the file first.",
    });
  }
}

function write(files: readonly NewFile[]): void {
  for (const { path: file, text } of files) {
    const target = path.join(REPOSITORY, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

/** Formats the files in the project's style: a longer name makes longer lines, and imports are sorted. */
async function format(files: readonly NewFile[]): Promise<void> {
  const ending = (wanted: string) => files.map((file) => file.path).filter((file) => file.endsWith(wanted));
  const options = { cwd: REPOSITORY, all: true };
  await execa(path.join(NODE_BIN, "biome"), ["check", "--write", ...ending(".ts")], options);
  const python = ending(".py");
  if (python.length === 0) return;
  await execa(path.join(VENV, "bin", "ruff"), ["check", "--fix", ...python], options);
  await execa(path.join(VENV, "bin", "ruff"), ["format", ...python], options);
}

function nextSteps({ kebab, snake }: PipelineNames, withJob: boolean): string {
  const tests = [`pipelines/${kebab}`, ...(withJob ? [`batch-jobs/tests/test_${snake}.py`] : [])];
  const steps = [
    [`npm test -- ${tests.join(" ")}`, withJob ? "its test and its job's" : "its test"],
    ...(withJob ? [["npm run schemas", "after each change of contract.ts"]] : []),
    [`npx millrace graph ${kebab}`, "its picture"],
    ["npm run stack", "the local stack; where one runs, this deploys to it"],
    [`npx millrace start ${kebab} --follow`, "a run, from another terminal"],
  ];
  return ["Try it:", ...steps.map(([command, what]) => `  ${command}\n      ${what}`)].join("\n");
}

/** `init`: creates a new pipeline from a template. */
export function initCommand(): Command {
  return new Command("init")
    .argument("<name>", "name of the pipeline, such as sales-forecast")
    .option("--batch", "with a Batch job in Python: its contract, code, image, packages and test")
    .addHelpText(
      "after",
      [
        "\nWrites pipelines/NAME.ts and its test, with --batch also batch-jobs/NAME/ and its test, and adds them to the",
        "lists of pipelines and job families. What is there already is never overwritten.",
        "\nExamples:",
        "  npx millrace init sales-forecast",
        "  npx millrace init sales-forecast --batch",
      ].join("\n"),
    )
    .action(async (name: string, { batch = false }: { batch?: boolean }) => {
      const names = pipelineNames(name);
      const template = batch ? "batch" : "function";
      const files = filesFor(REPOSITORY, template, names);
      checkNoConflicts(files, names);
      const changed = listed(REPOSITORY, template, names);
      write([...files, ...changed]);
      await format([...files, ...changed]);
      console.log(
        [
          ...files.map((file) => `wrote    ${file.path}`),
          ...changed.map((file) => `changed  ${file.path}`),
        ].join("\n"),
      );
      console.log(`\n${nextSteps(names, batch)}`);
    });
}
