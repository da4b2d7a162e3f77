import { Command } from "commander";
import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../shared/pipeline/json.ts";
import { UsageError } from "../errors.ts";
import { moment, targetOfCommand } from "../options.ts";
import { followToEnd } from "./run.ts";

type Options = {
  params?: JsonObject;
  param?: JsonObject;
  scheduledAt?: string;
  tag?: string[];
  follow?: boolean;
};

const started = z.object({ runId: z.string(), created: z.boolean() });

function parsedObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--params is not JSON: ${(error as Error).message}; give an object, such as '{"alphas":[1]}'`,
    );
  }
  if (isJsonObject(value)) return value;
  throw new UsageError(`--params is ${text}; it takes a JSON object, such as '{"alphas":[1]}'`);
}

/** One `key=value` more. The value is JSON where it reads as JSON, and text otherwise. */
export function withParam(text: string, before: JsonObject = {}): JsonObject {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--param is "${text}"; it takes key=value, such as alphas=[1,0.1]`);
  const raw = text.slice(at + 1);
  let value: Json = raw;
  try {
    value = JSON.parse(raw) as Json;
  } catch {
    // A plain word needs no quotes.
  }
  return { ...before, [text.slice(0, at)]: value };
}

/** `start`: starts a run by hand. */
export function startCommand(): Command {
  return new Command("start")
    .description("start a run")
    .argument("<pipeline>", "name of the pipeline")
    .option("--params <json>", "parameters, as a JSON object", parsedObject)
    .option("--param <key=value>", "one parameter, JSON or plain text; may be repeated", withParam)
    .option(
      "--scheduled-at <time>",
      "the time that the run is for; the same time starts no second run",
      moment("--scheduled-at"),
    )
    .option("--tag <tags...>", "what the run is found by, besides the tags of its pipeline")
    .option("-f, --follow", "show the run until it ends")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace start ridge-sweep --follow",
        "  npx millrace start ridge-sweep --param alphas=[1,0.5] --scheduled-at 2021-10-04T16:21:00Z",
        "\nThe same without this command line:",
        `  npx sls invoke -f start -s local --data '{"pipeline":"ridge-sweep"}'`,
      ].join("\n"),
    )
    .action(async (pipeline: string, options: Options, command: Command) => {
      const { params, param, scheduledAt, tag, follow } = options;
      const target = targetOfCommand(command);
      const given = { ...params, ...param };
      const answer = await target.invoke("start", {
        pipeline,
        ...(Object.keys(given).length > 0 && { params: given }),
        ...(scheduledAt !== undefined && { scheduledAt }),
        ...(tag !== undefined && { tags: tag }),
      });
      const { runId, created } = started.parse(answer);
      console.log(
        created ? `started run ${runId}` : `run ${runId} was started before: same pipeline and time`,
      );
      if (follow === true) return followToEnd(target, runId);
      const where =
        target.stage === "local" ? "" : ` --stage ${target.stage} --region ${target.config.region}`;
      console.log(`look at it: npx millrace run ${runId} --follow${where}`);
    });
}
