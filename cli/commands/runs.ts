import { Command } from "commander";
import { type RunState, runTransitions } from "../../shared/state/run.ts";
import type { RunSummary } from "../../shared/store/run-store.ts";
import { oneOf, printJson, targetOfCommand, wholeNumber } from "../options.ts";
import { runStateText } from "../run-screen.ts";
import { table } from "../table.ts";
import { agoText, durationText } from "../units.ts";

const states = Object.keys(runTransitions) as RunState[];

type Options = { pipeline?: string; state?: RunState; limit: number; json?: boolean };

function row(run: RunSummary, now: number): string[] {
  const started = Date.parse(run.startedAt);
  const ended = run.endedAt === undefined ? now : Date.parse(run.endedAt);
  return [
    run.runId,
    run.pipeline,
    runStateText(run.state),
    agoText(now - started),
    durationText(ended - started),
  ];
}

/** `runs`: the newest runs of a stage. */
export function runsCommand(): Command {
  return new Command("runs")
    .description("list runs, newest first")
    .option("-p, --pipeline <name>", "only of this pipeline")
    .option("-s, --state <state>", `only in this state: ${states.join(", ")}`, oneOf("--state", states))
    .option("-n, --limit <count>", "how many", wholeNumber("--limit"), 20)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace runs --pipeline ridge-sweep --state failed\n  npx millrace runs --stage prod --json | jq '.[].runId'",
    )
    .action(async ({ pipeline, state, limit, json }: Options, command: Command) => {
      const { store, stage } = targetOfCommand(command);
      const filter = { ...(pipeline !== undefined && { pipeline }), ...(state !== undefined && { state }) };
      const { runs } = await store.listRuns(filter, limit);
      if (json === true) return printJson(runs);
      if (runs.length === 0)
        return console.log(`no such run on stage "${stage}"; \`npx millrace start\` starts one`);
      const now = Date.now();
      console.log(
        table(
          ["RUN", "PIPELINE", "STATE", "STARTED", "TOOK"],
          runs.map((run) => row(run, now)),
        ),
      );
    });
}
