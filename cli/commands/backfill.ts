import { Command } from "commander";
import * as z from "zod";
import {
  BackfillError,
  type BackfillInterval,
  backfillIntervals,
  boundOf,
  maxConcurrency,
  usualConcurrency,
} from "../../shared/backfill/backfill-times.ts";
import {
  type BackfillPreview,
  type BackfillView,
  backfillPreview,
  backfillView,
} from "../../shared/backfill/backfill-view.ts";
import type { JsonObject } from "../../shared/pipeline/json.ts";
import { isTimeZone } from "../../shared/pipeline/time-zone.ts";
import { given } from "../../shared/platform/given.ts";
import { countText } from "../../shared/wording/units.ts";
import { UsageError } from "../errors.ts";
import { oneOf, printJson, targetOfCommand, wholeNumber } from "../options.ts";
import { invokeFor } from "../readers/not-deployed.ts";
import type { Target } from "../readers/target.ts";
import { table } from "../screens/table.ts";
import { withParam } from "./start.ts";

/** The counts that aren't 0, each with its word. */
function countsText(words: Readonly<Record<string, number>>): string {
  return Object.entries(words)
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${number} ${word}`)
    .join(", ");
}

/** What a backfill would do. */
export function previewText(backfill: BackfillPreview): string {
  const { backfill: id, pipeline, state, total, first, last, counts, concurrency } = backfill;
  const listed = [...first, ...(first.length + last.length < total ? ["…"] : []), ...last];
  const does =
    counts === undefined
      ? "how many of them have succeeded is not looked up for so many"
      : countsText({
          "to start": counts.start,
          "to open again": counts.again,
          "open (running or waiting their turn)": counts.open,
          "to skip (succeeded before)": counts.skipped,
          "failed, left as they are (--retry-failed)": counts.failed,
        });
  const existing =
    state === "RUNNING" ? "is RUNNING, and would go on" : `was asked for before, and is ${state}`;
  const stands = state === undefined ? "would be new" : existing;
  return [
    `backfill ${id} of ${pipeline} ${stands}; nothing was started`,
    `  ${countText(total, "time")} (${backfill.rule}), from ${backfill.from} to before ${backfill.to}`,
    ...listed.map((time) => `    ${time}`),
    `  ${does}; at most ${concurrency} at once`,
  ].join("\n");
}

/** How far a backfill has come, and where to look. */
export function backfillText(backfill: BackfillView): string {
  const { backfill: id, pipeline, state, reason, total, succeeded, skipped, failed, open, left } = backfill;
  const counts = countsText({
    succeeded,
    "skipped (succeeded before)": skipped,
    failed,
    "open (running or waiting their turn)": open,
    left,
  });
  const why = reason === undefined ? "" : ` (${reason})`;
  const lines = [
    `backfill ${id} of ${pipeline} is ${state}${why}`,
    `  ${countText(total, "time")} (${backfill.rule}), from ${backfill.from} to before ${backfill.to}`,
    `  ${counts}; at most ${backfill.concurrency} at once`,
    `  its runs: npx millrace runs --tag ${backfill.tag}`,
  ];
  if (failed > 0 && state !== "RUNNING") {
    lines.push(`  run again what failed: npx millrace backfill resume ${id} --retry-failed`);
  }
  return lines.join("\n");
}

function printBackfill(backfill: BackfillView, json: boolean | undefined): void {
  if (json === true) printJson(backfill);
  else console.log(backfillText(backfill));
}

async function ask(target: Target, request: object, json: boolean | undefined): Promise<void> {
  printBackfill(backfillView.parse(await target.invoke("manage", request)), json);
}

type Start = {
  from: string;
  to: string;
  every?: BackfillInterval;
  schedule?: string;
  timezone?: string;
  param?: JsonObject;
  concurrency: number;
  retryFailed?: boolean;
  dryRun?: boolean;
  json?: boolean;
};

/**
 * A date or a time, as it was typed. The time zone decides which moment a date means.
 *
 * @throws UsageError for anything else
 */
function dateText(option: string): (text: string) => string {
  return (text) => {
    try {
      boundOf(option, text, "UTC");
      return text;
    } catch (error) {
      throw error instanceof BackfillError ? new UsageError(error.message, error) : error;
    }
  };
}

/** A time zone, given by name. @throws UsageError for anything else */
function zone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new UsageError(`--timezone is "${text}"; it takes a name such as Europe/Berlin`);
}

/**
 * Answers `backfill start` on a stage.
 *
 * @throws MillraceError
 */
export async function answerStart(
  target: Target,
  pipeline: string,
  { param, json, ...options }: Start,
): Promise<void> {
  if ((options.every === undefined) === (options.schedule === undefined)) {
    throw new UsageError(
      `--every and --schedule are ${options.every === undefined ? "both missing" : "both given"}`,
      {
        remedy: "Use exactly one of the two.",
      },
    );
  }
  const request = given({ action: "backfill", pipeline, params: param, ...options });
  const answer = await invokeFor(target, pipeline, "manage", request);
  if (options.dryRun !== true) return printBackfill(backfillView.parse(answer), json);
  const found = backfillPreview.parse(answer);
  if (json === true) printJson(found);
  else console.log(previewText(found));
}

function startCommand(): Command {
  return new Command("start")
    .description("run a pipeline for each time between two dates; skip times that succeeded")
    .argument("<pipeline>", "name of the pipeline")
    .requiredOption("--from <date>", "the first date, or a time with its offset", dateText("--from"))
    .requiredOption("--to <date>", "the end date, exclusive", dateText("--to"))
    .option(
      "--every <rhythm>",
      `${backfillIntervals.join(", ")}, beginning with --from`,
      oneOf("--every", backfillIntervals),
    )
    .option("--schedule <name>", "use the times and parameters of this schedule instead of --every")
    .option("--timezone <zone>", "time zone of the dates (IANA); default: the stage's", zone)
    .option("--param <key=value>", "one parameter, JSON or plain text; may be repeated", withParam)
    .option(
      "-c, --concurrency <count>",
      `runs at once, up to ${maxConcurrency}`,
      wholeNumber("--concurrency"),
      usualConcurrency,
    )
    .option("--retry-failed", "run failed times again")
    .option("--dry-run", "only show the times, and what would happen to each")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      [
        "\nIf you repeat the command, times that succeeded are skipped. A running backfill gets the new concurrency.",
        "\nExamples:",
        "  npx millrace backfill start taxi-scoring --from 2021-04-01 --to 2021-06-01 --every month",
        "  npx millrace backfill start taxi-scoring --from 2021-01-01 --to 2021-12-01 --schedule default -c 2",
        "  npx millrace backfill start ridge-sweep --from 2021-04-01 --to 2021-04-02 --schedule default --dry-run",
      ].join("\n"),
    )
    .action(async (pipeline: string, options: Start, command: Command) =>
      answerStart(await targetOfCommand(command), pipeline, options),
    );
}

function actionCommand(name: "show" | "cancel", action: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<id>", "id of the backfill")
    .option("--json", "as JSON")
    .action(async (backfill: string, { json }: { json?: boolean }, command: Command) =>
      ask(await targetOfCommand(command), { action, backfill }, json),
    );
}

function resumeCommand(): Command {
  return new Command("resume")
    .description("continue a cancelled backfill, or repeat one; skip times that succeeded")
    .argument("<id>", "id of the backfill")
    .option("--retry-failed", "run failed times again", false)
    .option("--json", "as JSON")
    .action(async (backfill: string, options: { retryFailed: boolean; json?: boolean }, command: Command) => {
      const { retryFailed, json } = options;
      return ask(await targetOfCommand(command), { action: "backfill-resume", backfill, retryFailed }, json);
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("list backfills, newest first, with their latest progress")
    .option("-n, --limit <count>", "how many, up to 100", wholeNumber("--limit"), 20)
    .option("--json", "as JSON")
    .action(async ({ limit, json }: { limit: number; json?: boolean }, command: Command) => {
      const target = await targetOfCommand(command);
      const all = z.array(backfillView).parse(await target.invoke("manage", { action: "backfills", limit }));
      if (json === true) return printJson(all);
      if (all.length === 0) return console.log(`no backfill on stage "${target.stage}"`);
      // Only `show` distinguishes times that succeeded in this pass from times that succeeded before.
      const rows = all.map(({ backfill, state, total, succeeded, skipped, failed, open, left }) => [
        backfill,
        state,
        ...[total, succeeded + skipped, failed, open, left].map(String),
      ]);
      console.log(table(["BACKFILL", "STATE", "TIMES", "SUCCEEDED", "FAILED", "OPEN", "LEFT"], rows));
    });
}

/** `backfill`: runs for times in the past. */
export function backfillCommand(): Command {
  return new Command("backfill")
    .addCommand(startCommand())
    .addCommand(actionCommand("show", "backfill-progress", "show how far a backfill is"))
    .addCommand(
      actionCommand("cancel", "backfill-cancel", "start nothing more, and cancel the runs that it started"),
    )
    .addCommand(resumeCommand())
    .addCommand(listCommand());
}
