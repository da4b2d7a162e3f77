import type { Run } from "../../state/run.ts";
import { cancelEffect, type Effect, retryEffect } from "../bulk-effects.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { commandLine } from "../parts/command-line.ts";
import { runBadge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { ago } from "../parts/time.ts";
import { type ChosenPageData, readChosen } from "../read/read-chosen.ts";

type Request = RequestOf<"chosen">;

/** Runs up to which each has a link that leaves it out: such a link names all others. */
const maxLeave = 20;
/** Runs that a confirmation names; the page above it lists all. */
const maxNamed = 5;

function namesText(runs: readonly Run[]): string {
  const names = runs.slice(0, maxNamed).map(({ runId, pipeline }) => `${runId} of ${pipeline}`);
  const more = runs.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const runsText = (count: number) => (count === 1 ? "1 run" : `${count} runs`);

/** The two buttons, each for the runs to which it can happen. */
function buttons(runs: readonly Run[], host: Host): Content {
  const cancelled = runs.filter((run) => cancelEffect(run).possible);
  const retried = runs.filter((run) => retryEffect(run).possible);
  return html`<div class="mr-actions">${[
    cancelled.length > 0 &&
      host.action(
        { action: "cancel-runs", runIds: cancelled.map(({ runId }) => runId) },
        `Cancel ${runsText(cancelled.length)}`,
        `Cancel ${runsText(cancelled.length)}: ${namesText(cancelled)}? Nothing new starts; their Batch jobs and child runs are ended.`,
      ),
    retried.length > 0 &&
      host.action(
        { action: "retry-runs", runIds: retried.map(({ runId }) => runId) },
        `Retry ${runsText(retried.length)}`,
        `Retry ${runsText(retried.length)}: ${namesText(retried)}? Their steps without a result run again; results that they have stay.`,
      ),
  ]}</div>`;
}

const effectText = ({ possible, words }: Effect) => `${possible ? "✓ yes" : "– no"}: ${words}`;

function show({ runs }: ChosenPageData, request: Request, host: Host): Content {
  if (runs.length === 0)
    return html`<p>No run is chosen. Tick runs on the page ${host.link({ page: "runs" }, "Runs")}, at most 50.</p>`;
  const others = (runId: string) => runs.map((each) => each.runId).filter((each) => each !== runId);
  const rows = runs.map(({ runId, run }) => {
    const leave =
      runs.length > 1 &&
      runs.length <= maxLeave &&
      host.link({ ...request, runs: others(runId) }, "leave out");
    if (run === undefined) return [runId, "", "there is no such run", "– no", "– no", "", leave];
    return [
      host.link({ page: "run", runId }, runId),
      run.pipeline,
      runBadge(run.state),
      effectText(cancelEffect(run)),
      effectText(retryEffect(run)),
      ago(run.startedAt, host),
      leave,
    ];
  });
  const known = runs.flatMap(({ run }) => run ?? []);
  const compared = runs.length >= 2 && runs.length <= 5 && host.shows("compare");
  return [
    html`<p>Nothing happens before you use a button below and confirm it.</p>`,
    table(
      "What would happen to each run",
      ["Run", "Pipeline", "State", "If you cancel", "If you retry", "Asked for", "Choice"],
      rows,
    ),
    buttons(known, host),
    compared &&
      html`<p>${host.link({ page: "compare", runs: runs.map(({ runId }) => runId) }, "Compare these runs")}</p>`,
    html`<details><summary>Commands for these runs</summary>${runs.map(({ runId }) => commandLine(host.stage, ["run", runId]))}</details>`,
    html`<p>${host.link({ page: "runs" }, "Back to the runs")}</p>`,
  ];
}

/** Runs that were ticked: what a change would do to each, and the buttons that make it. */
export const chosenPage = page<Request, ChosenPageData>({
  title: ({ runs = [] }) => (runs.length === 1 ? "1 chosen run" : `${runs.length} chosen runs`),
  read: ({ engine }, { runs = [] }) => readChosen(engine, runs),
  show,
});
