import { Command } from "commander";
import { printJson, targetOfCommand } from "../options.ts";
import { readRunResult, readStepResult } from "../readers/read-result.ts";
import { type StepPlace, stepPlace } from "../step-place.ts";

const exampleId = "20211004T162100Z-4k7q2m9xt6bw";

/** `result`: what a run or one of its steps returned. */
export function resultCommand(): Command {
  return new Command("result")
    .argument("<run>", "id of the run, as `millrace runs` lists it")
    .argument(
      "[step]",
      "a step, or one child of a map: train_model[3]; the run's own when left out",
      (text) => stepPlace("STEP", text),
    )
    .addHelpText(
      "after",
      [
        "\nLarge results are read from S3. A map has the list of its children's.",
        "\nExamples:",
        `  npx millrace result ${exampleId}`,
        `  npx millrace result ${exampleId} promote | jq -r .reason`,
        `  npx millrace result ${exampleId} train_model[3]`,
      ].join("\n"),
    )
    .action(async (runId: string, place: StepPlace | undefined, _options: object, command: Command) => {
      const target = await targetOfCommand(command);
      printJson(
        await (place === undefined ? readRunResult(target, runId) : readStepResult(target, runId, place)),
      );
    });
}
