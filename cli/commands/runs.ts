import { Command } from "commander";
import type { RunFilter, RunStore } from "../../shared/ports/run-store.ts";
import { costOf, type RunCostView } from "../../shared/run/kept-cost.ts";
import { type RunState, type RunSummary, runTransitions } from "../../shared/state/run.ts";
import { agoText, durationText } from "../../shared/wording/units.ts";
import { dollarsText } from "../../shared/wording/usage-text.ts";
import { moment, oneOf, printJson, targetOfCommand, wholeNumber } from "../options.ts";
import { runStateText } from "../screens/run-screen.ts";
import { table } from "../screens/table.ts";

const states = Object.keys(runTransitions) as RunState[];

type Options = {
  pipeline?: string;
  state?: RunState;
  tag?: string;
  since?: string;
  until?: string;
  limit: number;
  json?: boolean;
};

/** Max. number of runs that are read at a time. */
const pageSize = 500;

/** A run in a list, with its cost as its record knows it. */
type ListedRun = RunSummary & { readonly cost?: RunCostView };

/** Adds their costs to runs. No index has them, so the runs are read, a hundred at a time; their steps are not. */
async function withCosts(
  store: Pick<RunStore, "getRuns">,
  runs: readonly RunSummary[],
): Promise<ListedRun[]> {
  const found = await store.getRuns(runs.map(({ runId }) => runId));
  const costs = new Map(found.map((run) => [run.runId, costOf(run)]));
  return runs.map((run) => {
    const cost = costs.get(run.runId);
    return { ...run, ...(cost !== undefined && { cost }) };
  });
}

/** Returns up to `limit` runs. Reads as many pages as needed, because a filter can leave few runs on a page. */
export async function listed(
  store: Pick<RunStore, "listRuns" | "getRuns">,
  filter: RunFilter,
  limit: number,
): Promise<ListedRun[]> {
  const runs: RunSummary[] = [];
  let from: string | undefined;
  do {
    const page = await store.listRuns(filter, Math.min(limit - runs.length, pageSize), from);
    runs.push(...page.runs);
    from = page.next;
  } while (from !== undefined && runs.length < limit);
  return withCosts(store, runs);
}

/** A cost in a table: `$0.0042`, and `$0.0042+` if it may be higher or still grows. */
function costCell(cost: RunCostView | undefined): string {
  if (cost === undefined) return "";
  return `${dollarsText(cost.dollars)}${cost.atLeast ? "+" : ""}`;
}

function row(run: ListedRun, now: number): string[] {
  const startedAt = Date.parse(run.startedAt);
  const ended = run.endedAt === undefined ? now : Date.parse(run.endedAt);
  return [
    run.runId,
    run.pipeline,
    runStateText(run.state),
    agoText(now - startedAt),
    durationText(ended - startedAt),
    costCell(run.cost),
  ];
}

/** `runs`: lists the newest runs of a stage. */
export function runsCommand(): Command {
  return new Command("runs")
    .option("-p, --pipeline <name>", "only this pipeline")
    .option("-s, --state <state>", `only in this state: ${states.join(", ")}`, oneOf("--state", states))
    .option("-t, --tag <tag>", "only with this tag")
    .option("--since <time>", "only runs requested at or after this date (UTC) or time", moment("--since"))
    .option("--until <time>", "only runs requested before this date (UTC) or time", moment("--until"))
    .option("-n, --limit <count>", "how many", wholeNumber("--limit"), 20)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace runs --pipeline ridge-sweep --state failed\n  npx millrace runs --tag team:growth --since 2021-10-01 --until 2021-11-01\n  npx millrace runs --stage prod --json | jq '.[].runId'",
    )
    .action(async ({ limit, json, ...filter }: Options, command: Command) => {
      const { store, stage, invoke } = await targetOfCommand(command);
      const runs = await listed(store, filter, limit);
      // This CLI doesn't know which pipelines the stage has. The function does, and refuses a pipeline that doesn't
      // exist.
      if (runs.length === 0 && filter.pipeline !== undefined)
        await invoke("manage", { action: "runs", pipeline: filter.pipeline, limit: 1 });
      if (json === true) return printJson(runs);
      if (runs.length === 0)
        return console.log(`no such run on stage "${stage}"; \`npx millrace start\` starts one`);
      const now = Date.now();
      console.log(
        table(
          ["RUN", "PIPELINE", "STATE", "ASKED FOR", "TOOK", "COST"],
          runs.map((run) => row(run, now)),
        ),
      );
    });
}
