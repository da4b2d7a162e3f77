import type { RunSummary } from "../../state/run.ts";
import { runLook } from "../../wording/state-looks.ts";
import { durationText } from "../../wording/units.ts";
import type { Host } from "../host/host.ts";
import type { Content } from "../html.ts";
import { milliseconds } from "../run-figures.ts";
import { columnChart } from "./column-chart.ts";
import { runBadge } from "./state-badge.ts";
import { table } from "./table.ts";
import { duration, time, timeText } from "./time.ts";

/** Runs as a strip of bars, the oldest first: the height is the duration, the symbol the state. And as a table. */
export function runStrip(runs: readonly RunSummary[], host: Host): Content {
  const columns = runs.toReversed().map((run) => {
    const look = runLook(run.state);
    const took = milliseconds(run, host.now);
    const asked = timeText(run.startedAt, host);
    return {
      label: asked.slice("YYYY-".length, "YYYY-MM-DD".length),
      title: `${run.runId}: ${look.word}, ${durationText(took)}, asked for ${asked}`,
      parts: [{ value: took, look }],
    };
  });
  const failed = runs.filter(({ state }) => state === "FAILED" || state === "TIMED_OUT").length;
  const longest = Math.max(0, ...runs.map((run) => milliseconds(run, host.now)));
  const finding = `The last ${runs.length} runs, oldest first: ${failed} failed; the longest took ${durationText(longest)}`;
  const rows = runs.map((run) => [
    host.link({ page: "run", runId: run.runId }, run.runId),
    runBadge(run.state),
    time(run.scheduledAt, host),
    time(run.startedAt, host),
    duration(milliseconds(run, host.now)),
  ]);
  const headings = ["Run", "State", "For the time", "Asked for", { heading: "Took", figures: true }] as const;
  return [columnChart(finding, columns), table("The last runs, newest first", headings, rows)];
}
