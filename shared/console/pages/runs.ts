import { runStates } from "../../state/run.ts";
import { runLook } from "../../wording/state-looks.ts";
import type { Host } from "../host/host.ts";
import { type Html, html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { runBadge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { ago, duration, time } from "../parts/time.ts";
import { type RunsPageData, readRuns } from "../read/read-runs.ts";

type Request = RequestOf<"runs">;

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
      { name: "tag", label: "With tag", value: request.tag },
      { name: "without", label: "Without tag", value: request.without },
      { name: "since", label: "Since (UTC)", value: request.since },
      { name: "until", label: "Until (UTC)", value: request.until },
      { name: "longer", label: "Longer than (seconds)", value: request.longer?.toString() },
    ],
  });
}

function searchLine({ searched, back, next, runs }: RunsPageData, request: Request, host: Host): Html {
  const reach =
    back === undefined ? "Searched no run" : html`Searched ${searched} runs back to ${time(back, host)}`;
  const more =
    next === undefined
      ? "; there are no earlier ones."
      : html`; ${host.link({ ...request, from: next }, "go on")}`;
  return html`<p>${runs.length} shown. ${reach}${more}</p>`;
}

function show(data: RunsPageData, request: Request, host: Host) {
  const rows = data.runs.map((run) => {
    const end = run.endedAt === undefined ? host.now : Date.parse(run.endedAt);
    return [
      host.link({ page: "run", runId: run.runId }, run.runId),
      run.pipeline,
      runBadge(run.state),
      run.name,
      ago(run.startedAt, host),
      duration(Math.max(0, end - Date.parse(run.startedAt))),
      run.tags.join(" "),
    ];
  });
  const columns = [
    "Run",
    "Pipeline",
    "State",
    "Name",
    "Asked for",
    { heading: "Took", figures: true },
    "Tags",
  ] as const;
  const none = html`<p>No run matches. Start one with <code>npx millrace start PIPELINE</code>.</p>`;
  return [
    filters(request, host),
    data.runs.length === 0 ? none : table("Runs, newest first", columns, rows),
    searchLine(data, request, host),
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
