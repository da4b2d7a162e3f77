import { styleText } from "node:util";
import { Command } from "commander";
import { mermaidOf } from "../../shared/pipeline/mermaid.ts";
import { terminalWidth } from "../follow-run.ts";
import { graphPicture } from "../graph-picture.ts";
import { oneOf, printJson } from "../options.ts";
import { pipelineNamed } from "../pipeline-named.ts";

const formats = ["terminal", "mermaid", "json"] as const;
type Format = (typeof formats)[number];

const legend = "─ data that a step uses   ┄ a step that only has to end first   × once for each item";

/** `graph`: a pipeline's steps and what they wait for. */
export function graphCommand(): Command {
  return new Command("graph")
    .description("draw a pipeline: its steps and what they wait for")
    .argument("<pipeline>", "name of the pipeline")
    .option("-f, --format <format>", formats.join(", "), oneOf("--format", formats), "terminal")
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace graph ridge-sweep\n  npx millrace graph ridge-sweep --format mermaid > ridge-sweep.mmd",
    )
    .action((name: string, { format }: { format: Format }) => {
      const { graph } = pipelineNamed(name);
      if (format === "json") return printJson(graph);
      if (format === "mermaid") return console.log(mermaidOf(graph).trimEnd());
      console.log(`${graphPicture(graph, terminalWidth())}\n\n${styleText("gray", legend)}`);
    });
}
