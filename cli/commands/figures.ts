import { Command } from "commander";
import type { DayFigures } from "../../shared/state/figures.ts";
import type { EndState } from "../../shared/state/run.ts";
import { durationText } from "../../shared/wording/units.ts";
import { dollarsText } from "../../shared/wording/usage-text.ts";
import { moment, printJson, targetOfCommand } from "../options.ts";
import { table } from "../screens/table.ts";

type Options = { pipeline?: string; since?: string; until?: string; json?: boolean };

/** How many days are shown unless the command says otherwise, today included. */
const usualDays = 7;

const dayMs = 86_400_000;

/** The day of a time in UTC. */
const dayOf = (time: number) => new Date(time).toISOString().slice(0, "YYYY-MM-DD".length);

/** The heading of the column that counts the runs with each end state. */
const columns: Readonly<Record<EndState, string>> = {
  SUCCEEDED: "SUCCEEDED",
  FAILED: "FAILED",
  TIMED_OUT: "TIMED OUT",
  CANCELLED: "CANCELLED",
};
const states = Object.keys(columns);

function row({ day, pipeline, ends, milliseconds, dollars, atLeast }: DayFigures): string[] {
  const count = Object.values(ends).reduce((sum, each) => sum + each, 0);
  return [
    day,
    pipeline,
    ...states.map((state) => String(ends[state] ?? "")),
    durationText(milliseconds / count),
    `${dollarsText(dollars)}${atLeast ? "+" : ""}`,
  ];
}

/** `figures`: how many runs ended by day, pipeline and state, how long they took and what they cost. */
export function figuresCommand(): Command {
  return new Command("figures")
    .option("-p, --pipeline <name>", "only this pipeline")
    .option("--since <day>", "the first day (UTC); by default the last seven days", moment("--since"))
    .option("--until <day>", "the last day (UTC)", moment("--until"))
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace figures --stage prod\n  npx millrace figures --pipeline ridge-sweep --since 2021-10-01 --until 2021-10-31 --json",
    )
    .action(async ({ pipeline, since, until, json }: Options, command: Command) => {
      const { store, stage } = await targetOfCommand(command);
      const last = until === undefined ? Date.now() : Date.parse(until);
      const first = since === undefined ? last - (usualDays - 1) * dayMs : Date.parse(since);
      const days = { since: dayOf(first), until: dayOf(last) };
      const figures = await store.listFigures({ ...days, ...(pipeline !== undefined && { pipeline }) });
      if (json === true) return printJson(figures);
      if (figures.length === 0)
        return console.log(`no run ended on stage "${stage}" from ${days.since} to ${days.until}`);
      console.log(
        table(["DAY", "PIPELINE", ...Object.values(columns), "MEAN TIME", "COST"], figures.map(row)),
      );
    });
}
