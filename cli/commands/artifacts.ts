import { basename } from "node:path";
import { Command } from "commander";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { bytesText } from "../../shared/wording/units.ts";
import { UsageError } from "../errors.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { artifactBytes, downloadArtifact } from "../readers/fetch-artifact.ts";
import { artifactNamed, placeText, type RunArtifact, runArtifacts } from "../readers/run-artifacts.ts";
import { graphOfRun, runNamed, type Target } from "../readers/target.ts";
import { isShowable, reportText } from "../screens/report-text.ts";
import { table } from "../screens/table.ts";
import { checkPlace, type StepPlace, stepPlace } from "../step-place.ts";

const exampleId = "20211004T162100Z-4k7q2m9xt6bw";

/** What a run's steps made, or what one of them made. */
async function artifactsOf(target: Target, runId: string, place?: StepPlace): Promise<RunArtifact[]> {
  const run = await runNamed(target, runId);
  const graph = await graphOfRun(target, run);
  if (place !== undefined) {
    const steps = graph.steps.map(({ name, over }) => ({ name, mapped: over !== undefined }));
    checkPlace("STEP", place, steps);
  }
  const records = (await target.store.listSteps(runId, place?.step)).filter(
    ({ index }) => place?.index === undefined || index === place.index,
  );
  return runArtifacts(await target.objects(), run, graph, records);
}

function row({ name, bytes, mediaType, removed, ...place }: RunArtifact): string[] {
  return [placeText(place), name, removed ? "removed" : bytesText(bytes), mediaType];
}

function getCommand(): Command {
  return new Command("get")
    .description("copy an artifact into a file, checked against its SHA-256")
    .argument("<run>", "id of the run")
    .argument("<step>", "the step, or one child of a map: train_model[3]", (text) => stepPlace("STEP", text))
    .argument("<name>", "name of the artifact as listed, or its last part")
    .option(
      "-o, --output <file>",
      "file to write, or - for standard output; by default the artifact's own name",
    )
    .addHelpText(
      "after",
      [
        "\nExamples:",
        `  npx millrace artifacts get ${exampleId} train_model[3] model.joblib`,
        `  npx millrace artifacts get ${exampleId} download_dataset dataset.csv -o - | head`,
      ].join("\n"),
    )
    .action(
      async (
        runId: string,
        place: StepPlace,
        name: string,
        options: { output?: string },
        command: Command,
      ) => {
        const target = await targetOfCommand(command);
        const artifact = artifactNamed(await artifactsOf(target, runId, place), place, name);
        if (options.output === "-") {
          for await (const chunk of artifactBytes(target, artifact)) process.stdout.write(chunk);
          return;
        }
        const file = options.output ?? basename(artifact.name);
        await downloadArtifact(target, artifact, file);
        console.log(`${file}  ${bytesText(artifact.bytes)}, SHA-256 as it should be`);
      },
    );
}

function showCommand(): Command {
  return new Command("show")
    .description("show a table, a text, JSON or a link that a step made")
    .argument("<run>", "id of the run")
    .argument("<step>", "the step, or one child of a map: train_model[3]", (text) => stepPlace("STEP", text))
    .argument("<name>", "name of the artifact as listed, or its last part")
    .addHelpText(
      "after",
      `\nExample:\n  npx millrace artifacts show ${exampleId} validate_model scores.table.json`,
    )
    .action(async (runId: string, place: StepPlace, name: string, _options: object, command: Command) => {
      const target = await targetOfCommand(command);
      const artifact = artifactNamed(await artifactsOf(target, runId, place), place, name);
      if (!isShowable(artifact)) {
        throw new MillraceError(
          "ARTIFACT_NOT_SHOWN",
          `${artifact.name} is ${artifact.mediaType} of ${bytesText(artifact.bytes)}, which a terminal cannot show`,
        );
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of artifactBytes(target, artifact)) chunks.push(chunk);
      console.log(reportText(artifact, Buffer.concat(chunks)));
    });
}

/** `artifacts`: lists what the steps of a run made, and downloads it. */
export function artifactsCommand(): Command {
  return new Command("artifacts")
    .argument("[run]", "id of the run, as `millrace runs` lists it")
    .option("--step <step>", "only this step, or one child of a map: train_model[3]", (text) =>
      stepPlace("--step", text),
    )
    .option("--json", "as JSON, with S3 locations, checksums and versions")
    .addHelpText(
      "after",
      [
        "\nSteps that have no result yet, or failed, made nothing that counts. `removed` stands where a later step deleted",
        "the object: `get` still finds its version for 30 days.",
        "\nExamples:",
        `  npx millrace artifacts ${exampleId}`,
        `  npx millrace artifacts get ${exampleId} train_model[3] model.joblib -o best.joblib`,
        `  npx millrace artifacts show ${exampleId} validate_model scores.table.json`,
      ].join("\n"),
    )
    .addCommand(getCommand())
    .addCommand(showCommand())
    .action(
      async (
        runId: string | undefined,
        { step, json }: { step?: StepPlace; json?: boolean },
        command: Command,
      ) => {
        if (runId === undefined) {
          throw new UsageError(
            "RUN is missing; `npx millrace artifacts RUN` takes the id of a run, as `npx millrace runs` lists it",
          );
        }
        const artifacts = await artifactsOf(await targetOfCommand(command), runId, step);
        if (json === true) return printJson(artifacts);
        if (artifacts.length === 0) return console.log(`run ${runId} has made no artifact so far`);
        console.log(table(["STEP", "NAME", "SIZE", "TYPE"], artifacts.map(row)));
        console.log(
          `\n--json has where each is in S3; copy one: npx millrace artifacts get ${runId} STEP NAME`,
        );
      },
    );
}
