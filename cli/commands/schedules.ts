import { Command } from "commander";
import * as z from "zod";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { wallTime } from "../../shared/pipeline/time-zone.ts";
import { type ScheduleView, scheduleView } from "../../shared/schedule/schedule-view.ts";
import { scheduleRecord } from "../../shared/state/schedule.ts";
import { UsageError } from "../errors.ts";
import { printJson, targetOfCommand, wholeNumber } from "../options.ts";
import type { Target } from "../readers/target.ts";
import { table } from "../screens/table.ts";

/** How many upcoming runs `millrace schedules` asks for if it doesn't list them: only the next run of each schedule. */
const nextOnly = 1;

type Options = { upcoming?: number; on?: boolean; off?: boolean; json?: boolean };

/** A time as a wall clock in its time zone shows it. */
function wallText(time: string, timezone: string): string {
  const { yyyy, MM, dd, HH, mm } = wallTime(Date.parse(time), timezone);
  return `${yyyy}-${MM}-${dd} ${HH}:${mm}`;
}

function schedulesText(schedules: readonly ScheduleView[]): string {
  const rows = schedules.map(({ pipeline, name, active, rule, timezone, upcoming: [next] }) => {
    const when = next === undefined ? "never" : wallText(next, timezone);
    return [pipeline, name, active ? "on" : "off", active ? when : "", rule];
  });
  return table(["PIPELINE", "SCHEDULE", "IS", "NEXT", "TIMES"], rows);
}

/** The upcoming runs of all schedules together, soonest first. */
function upcomingText(schedules: readonly ScheduleView[], count: number): string {
  const runs = schedules.flatMap(({ pipeline, name, timezone, upcoming }) =>
    upcoming.map((time) => ({
      time,
      row: [time.slice(0, 16).concat("Z"), wallText(time, timezone), timezone, pipeline, name],
    })),
  );
  const rows = runs.sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).slice(0, count);
  return table(
    ["TIME", "LOCALLY", "IN", "PIPELINE", "SCHEDULE"],
    rows.map(({ row }) => row),
  );
}

async function toggle(
  target: Target,
  pipeline: string | undefined,
  name: string,
  active: boolean,
  json: boolean | undefined,
): Promise<void> {
  if (pipeline === undefined) {
    throw new UsageError("--on and --off take a pipeline, as in `millrace schedules ridge-sweep --off`");
  }
  const request = { action: "schedule", pipeline, name, active };
  const answer = await target.invoke("manage", request);
  if (json === true) return printJson(answer);
  const { nextAt } = scheduleRecord.parse(answer);
  const next = nextAt === undefined ? "" : `; its next run is for ${nextAt}`;
  console.log(`schedule ${name} of ${pipeline} is ${active ? "on" : "off"}${next}`);
}

/**
 * Answers `schedules` on a stage.
 *
 * @param pipeline all pipelines if left out
 * @throws MillraceError
 */
export async function answerSchedules(
  target: Target,
  pipeline: string | undefined,
  name: string,
  { upcoming, on, off, json }: Options,
): Promise<void> {
  if (on === true && off === true)
    throw new UsageError("--on and --off are both given", { remedy: "Use one of the two." });
  if (on === true || off === true) return toggle(target, pipeline, name, on === true, json);
  const request = { action: "schedules", upcoming: upcoming ?? nextOnly };
  const all = z.array(scheduleView).parse(await target.invoke("manage", request));
  const found = all.filter((each) => pipeline === undefined || each.pipeline === pipeline);
  if (pipeline !== undefined && found.length === 0) {
    const those = [...new Set(all.map((each) => each.pipeline))].join(", ") || "none";
    throw new MillraceError(
      "SCHEDULE_NOT_FOUND",
      `pipeline "${pipeline}" has no schedule on stage "${target.stage}"; pipelines with schedules: ${those}`,
    );
  }
  if (json === true) return printJson(found);
  if (found.length === 0) {
    return console.log(
      `no pipeline has a schedule on stage "${target.stage}"; \`cron\` in its triggers is one`,
    );
  }
  console.log(upcoming === undefined ? schedulesText(found) : upcomingText(found, upcoming));
}

/** `schedules`: the schedules that start runs, and the upcoming runs. */
export function schedulesCommand(): Command {
  return new Command("schedules")
    .argument("[pipeline]", "only this pipeline")
    .argument("[name]", "the schedule to switch", "default")
    .option(
      "-u, --upcoming <count>",
      "list the next runs of all schedules, soonest first",
      wholeNumber("--upcoming"),
    )
    .option("--on", "switch on; it starts at its next time")
    .option("--off", "switch off; deployments don't switch it on again")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace schedules --upcoming 10",
        "  npx millrace schedules ridge-sweep --off",
        "  npx millrace schedules ctr-training default --on",
      ].join("\n"),
    )
    .action(async (pipeline: string | undefined, name: string, options: Options, command: Command) =>
      answerSchedules(await targetOfCommand(command), pipeline, name, options),
    );
}
