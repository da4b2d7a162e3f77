import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { startedRun } from "../../shared/operate/run-answer.ts";
import { isJsonObject, type Json, type JsonObject } from "../../shared/pipeline/json.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { UsageError } from "../errors.ts";
import { moment, targetOfCommand } from "../options.ts";
import { invokeFor } from "../readers/not-deployed.ts";
import type { Target } from "../readers/target.ts";
import { type ReportOptions, reportAndFollow } from "./run.ts";

type Options = ReportOptions & {
  params?: JsonObject;
  param?: JsonObject;
  scheduledAt?: string;
  key?: string;
  tag?: string[];
};

function parsedObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `--params is not JSON: ${(error as Error).message}; it takes an object, such as '{"alphas":[1]}'`,
    );
  }
  if (isJsonObject(value)) return value;
  throw new UsageError(`--params is ${text}; it takes a JSON object, such as '{"alphas":[1]}'`);
}

/** Adds one `key=value`. The value is parsed as JSON if possible, and is text otherwise. */
export function withParam(text: string, before: JsonObject = {}): JsonObject {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--param is "${text}"; it takes key=value, such as alphas=[1,0.1]`);
  const raw = text.slice(at + 1);
  let value: Json = raw;
  try {
    value = JSON.parse(raw) as Json;
  } catch {
    // It isn't JSON, so it's a plain word, which needs no quotes.
  }
  return { ...before, [text.slice(0, at)]: value };
}

/**
 * Starts a run, or finds the one that was started before.
 *
 * @returns the run's id, the function's answer, and a text for people
 * @throws MillraceError if the run that was found has other params, because the given ones weren't used
 */
export async function startOn(
  target: Pick<Target, "invoke" | "stage" | "config">,
  pipeline: string,
  { params, param, scheduledAt, key, tag }: Omit<Options, keyof ReportOptions>,
): Promise<{ runId: string; answer: unknown; message: string }> {
  const given = { ...params, ...param };
  const answer = await invokeFor(target, pipeline, "start", {
    pipeline,
    ...(Object.keys(given).length > 0 && { params: given }),
    // The AWS SDK sends a request again if its answer is lost. The key is made here, once for each command.
    ...(scheduledAt === undefined
      ? { requestedAt: new Date().toISOString(), key: key ?? randomUUID() }
      : { scheduledAt, ...(key !== undefined && { key }) }),
    ...(tag !== undefined && { tags: tag }),
  });
  const { runId, created, differs } = startedRun.parse(answer);
  // A key that only this command has: the SDK sent the request twice, and the first one started the run.
  const isOwn = scheduledAt === undefined && key === undefined;
  if (created || isOwn) return { runId, answer, message: `started run ${runId}` };
  const before = `run ${runId} was started before: same pipeline${key === undefined ? "" : ", key"} and time`;
  if (differs === undefined) return { runId, answer, message: before };
  throw new MillraceError(
    "PARAMS_INVALID",
    `${before}, other params: ${differs.join("; ")}; yours were not used`,
    { remedy: "Start a run with yours by another --scheduled-at or another --key." },
  );
}

/** `start`: starts a run by hand. */
export function startCommand(): Command {
  return new Command("start")
    .argument("<pipeline>", "name of the pipeline")
    .option("--params <json>", "parameters, as a JSON object", parsedObject)
    .option("--param <key=value>", "one parameter, JSON or plain text; may be repeated", withParam)
    .option(
      "--scheduled-at <time>",
      "the time that the run is for; the same time starts no second run",
      moment("--scheduled-at"),
    )
    .option("--key <text>", "start another run for the same time; each key starts one run")
    .option("--tag <tags...>", "tags of the run, in addition to its pipeline's")
    .option("-f, --follow", "show the run until it ends")
    .option("--json", "the answer as JSON; with --follow, the run after it ended")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace start ridge-sweep --follow",
        "  npx millrace start ridge-sweep --param alphas=[1,0.5] --scheduled-at 2021-10-04T16:21:00Z",
        "\nExit code: 0, or 1 if a run for that time and key exists with other params; yours were not used.",
        "\nThe same without this command line:",
        `  npx sls invoke -f start -s local --data '{"pipeline":"ridge-sweep"}'`,
      ].join("\n"),
    )
    .action(async (pipeline: string, options: Options, command: Command) => {
      const { follow, json, ...startOptions } = options;
      const target = await targetOfCommand(command);
      const { runId, ...started } = await startOn(target, pipeline, startOptions);
      await reportAndFollow(target, runId, started, options);
      if (follow === true || json === true) return;
      const where =
        target.stage === "local" ? "" : ` --stage ${target.stage} --region ${target.config.region}`;
      console.log(`look at it: npx millrace run ${runId} --follow${where}`);
    });
}
