import { costOf } from "../../run/kept-cost.ts";
import { type Run, type RunSummary, runStates } from "../../state/run.ts";
import { causeText, causeWords } from "../../wording/cause-text.ts";
import { runLook } from "../../wording/state-looks.ts";
import { durationText, truncateMiddle } from "../../wording/units.ts";
import { costText } from "../../wording/usage-text.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { sectionOr } from "../parts/panel.ts";
import { runBadge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { ago, duration, time } from "../parts/time.ts";
import { type RunsPageData, readRuns, tookOf } from "../read/read-runs.ts";

type Request = RequestOf<"runs">;

/** Characters of an error, a cause or a name in the list. */
const maxWords = 100;

function filters({ from, ...request }: Request, host: Host): Html {
  const states = runStates.map((state) => [state, runLook(state).word] as const);
  return host.form({
    name: "runs",
    submit: "Show",
    to: request,
    fields: [
      { name: "pipeline", label: "Pipeline", value: request.pipeline },
      {
        name: "state",
        label: "State",
        value: request.state?.join(","),
        options: [["", "any"], ...states, ["FAILED,TIMED_OUT,CANCELLED", "not successful"]],
      },
      {
        name: "cause",
        label: "Started by",
        value: request.cause,
        options: [["", "anything"], ...Object.entries(causeWords)],
      },
      { name: "param", label: "Parameter (path=value)", value: request.param },
      { name: "tag", label: "With tag", value: request.tag },
      { name: "without", label: "Without tag", value: request.without },
      { name: "since", label: "Since (UTC)", value: request.since },
      { name: "until", label: "Until (UTC)", value: request.until },
      { name: "longer", label: "Longer than (seconds)", value: request.longer?.toString() },
    ],
  });
}

/** Filters that the page has and the command doesn't. */
function commandLacks({ cause, param, without, longer, state = [] }: Request): Content {
  const lacking = [
    cause !== undefined && "cause",
    param !== undefined && "parameter",
    without !== undefined && "missing tag",
    longer !== undefined && "duration",
    state.length > 1 && "several states",
  ].filter((each) => each !== false);
  if (lacking.length === 0) return undefined;
  return html`<p class="mr-quiet">The command below doesn't filter by ${lacking.join(", ")}.</p>`;
}

function searchLine({ searched, back, next, runs }: RunsPageData, request: Request, host: Host): Html {
  const reach =
    back === undefined
      ? "Searched no run"
      : html`Searched ${searched === 1 ? "1 run" : `${searched} runs`} back to ${time(back, host)}`;
  const more =
    next === undefined
      ? "; there are no earlier ones."
      : html`; ${host.link({ ...request, from: next }, "go on")}`;
  return html`<p>${runs.length} shown. ${reach}${more}</p>`;
}

/** How long a run took, and how that compares with the median of its pipeline. */
function tookCell(run: RunSummary, median: number | undefined, now: number): Content {
  const took = tookOf(run, now);
  if (median === undefined || median === 0) return duration(took);
  const times = took / median;
  const factor = times >= 10 ? times.toFixed(0) : times.toFixed(1);
  return html`${duration(took)}<div class="mr-quiet">${factor} × the median, ${durationText(median)}</div>`;
}

/** What a run has cost; nothing if it cost nothing, or if that isn't known. */
function costCell(record: Run | undefined): string {
  const cost = record && costOf(record);
  return cost === undefined || cost.dollars === 0 ? "" : costText(cost);
}

/** A run's name, if it says more than the id. */
const nameOf = ({ name, runId }: RunSummary) => (name === runId ? "" : truncateMiddle(name, maxWords));

function errorOf(record: Run | undefined): Content {
  const error = record?.error;
  if (error === undefined || record?.state === "SUCCEEDED") return "";
  return `${error.step}: ${truncateMiddle(error.message, maxWords)}`;
}

const columns = [
  "Choose",
  "Run",
  "Pipeline",
  "State",
  "Name",
  "Asked for",
  { heading: "Took", figures: true },
  { heading: "Cost", figures: true },
  "Cause",
  "Error",
  "Tags",
] as const;

function show(data: RunsPageData, request: Request, host: Host): Content {
  const records = data.records.read ? data.records.value : undefined;
  const medians = data.medians.read ? data.medians.value : undefined;
  const rows = data.runs.map((run) => {
    const record = records?.get(run.runId);
    return [
      host.choice({ form: "chosen", field: "runs", value: run.runId, label: `Choose run ${run.runId}` }),
      host.link({ page: "run", runId: run.runId }, run.runId),
      host.link({ page: "pipeline", pipeline: run.pipeline }, run.pipeline),
      runBadge(run.state),
      nameOf(run),
      ago(run.startedAt, host),
      tookCell(run, medians?.get(run.pipeline), host.now),
      costCell(record),
      record === undefined ? "" : truncateMiddle(causeText(record.cause), maxWords),
      errorOf(record),
      run.tags.join(" "),
    ];
  });
  const none = html`<p>No run matches. Start one with <code>npx millrace start PIPELINE</code>.</p>`;
  return [
    filters(request, host),
    sectionOr("Causes, errors and costs", data.records, () => undefined),
    sectionOr("Medians", data.medians, () => undefined),
    data.runs.length === 0
      ? none
      : [
          table("Runs, newest first", columns, rows),
          host.form({
            name: "chosen",
            fields: [],
            submit: "Cancel or retry the chosen runs…",
            to: { page: "chosen" },
          }),
        ],
    searchLine(data, request, host),
    commandLacks(request),
  ];
}

/** Runs, newest first, with filters. */
export const runsPage = page<Request, RunsPageData>({
  title: () => "Runs",
  read: ({ engine }, request) => readRuns(engine, request),
  show,
  command: ({ pipeline, state = [], tag, since, until }) => [
    "runs",
    ...(pipeline === undefined ? [] : ["--pipeline", pipeline]),
    ...(state.length === 1 ? ["--state", ...state] : []),
    ...(tag === undefined ? [] : ["--tag", tag]),
    ...(since === undefined ? [] : ["--since", since]),
    ...(until === undefined ? [] : ["--until", until]),
  ],
});
