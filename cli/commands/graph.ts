import { writeFileSync } from "node:fs";
import { styleText } from "node:util";
import { Command, Option } from "commander";
import { pipelines } from "../../pipelines/index.ts";
import { mermaidOf } from "../../shared/pipeline/mermaid.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { pipelineNamed } from "../readers/pipeline-named.ts";
import { graphPicture } from "../screens/graph-picture.ts";
import { graphSvg } from "../screens/graph-svg.ts";
import { runStateText } from "../screens/run-screen.ts";
import { mermaidClasses, statusesOf } from "../screens/step-statuses.ts";
import { terminalWidth } from "../screens/terminal-width.ts";

type Options = { mermaid?: boolean; svg?: string; json?: boolean };

const legend = "─ data that a step uses   ┄ a step that only has to end first   × once for each item";

/** A run id begins with a time; a pipeline's name never does. */
const isRunId = (text: string) => /^\d{8}T\d{6}Z-/.test(text);

function writeSvg(file: string, picture: string): void {
  try {
    writeFileSync(file, picture);
  } catch (error) {
    throw new MillraceError(
      "FILE_NOT_WRITTEN",
      `--svg is "${file}", which cannot be written: ${(error as Error).message}`,
    );
  }
  console.log(`wrote ${file}`);
}

function drawPipeline(name: string, { mermaid, svg, json }: Options): void {
  const { graph } = pipelineNamed(name);
  if (json === true) printJson(graph);
  else if (mermaid === true) console.log(mermaidOf(graph).trimEnd());
  else if (svg !== undefined) writeSvg(svg, graphSvg(graph));
  else console.log(`${graphPicture(graph, terminalWidth())}\n\n${styleText("gray", legend)}`);
}

/** Draws the graph that the run started with, even if the pipeline has changed since. */
async function drawRun(runId: string, { mermaid, svg, json }: Options, command: Command): Promise<void> {
  const { graphOfRun, readRunView, runNamed } = await import("../readers/target.ts");
  const target = await targetOfCommand(command);
  const graph = await graphOfRun(target, await runNamed(target, runId));
  if (json === true) return printJson(graph);
  const view = await readRunView(target, runId);
  const statuses = statusesOf(view);
  if (svg !== undefined) return writeSvg(svg, graphSvg(graph, statuses));
  if (mermaid === true) {
    const notes = new Map([...statuses].map(([step, { text }]) => [step, text]));
    return console.log(mermaidOf(graph, mermaidClasses(view), notes).trimEnd());
  }
  console.log(`${styleText("bold", view.pipeline)}  ${runStateText(view.state)}\n`);
  console.log(graphPicture(graph, terminalWidth(), statuses));
}

/** `graph`: a pipeline's steps and what they wait for, or how far one of its runs has come. */
export function graphCommand(): Command {
  return new Command("graph")
    .argument("<what>", "name of a pipeline, or id of a run")
    .addOption(new Option("--mermaid", "as a Mermaid flowchart, which GitHub and most editors draw"))
    .addOption(new Option("--svg <file>", "into a file, as SVG").conflicts("mermaid"))
    .addOption(new Option("--json", "the graph itself, as JSON").conflicts(["mermaid", "svg"]))
    .addHelpText(
      "after",
      [
        "\nA pipeline is drawn as this checkout has it, a run by the graph that it started with.",
        "\nExamples:",
        "  npx millrace graph ridge-sweep",
        "  npx millrace graph ridge-sweep --mermaid > ridge-sweep.mmd",
        "  npx millrace graph 20211004T162100Z-4k7q2m9xt6bw --svg run.svg",
      ].join("\n"),
    )
    .action((what: string, options: Options, command: Command) => {
      const isPipeline = pipelines.some(({ name }) => name === what);
      return !isPipeline && isRunId(what) ? drawRun(what, options, command) : drawPipeline(what, options);
    });
}
