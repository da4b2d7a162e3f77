import type { ScheduleView } from "../../schedule/schedule-view.ts";
import type { RunSummary } from "../../state/run.ts";
import { triggerText } from "../../wording/trigger-text.ts";
import { durationText } from "../../wording/units.ts";
import type { Field, Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { lateSince, lateTimes } from "../late-schedules.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { facts } from "../parts/facts.ts";
import { graphPicture } from "../parts/graph-picture.ts";
import { sectionOr } from "../parts/panel.ts";
import { runStrip } from "../parts/run-strip.ts";
import { table } from "../parts/table.ts";
import { time } from "../parts/time.ts";
import { type PipelinePageData, readPipeline, runsShown } from "../read/read-pipeline.ts";
import { figuresOf } from "../run-figures.ts";
import { scheduleButton } from "../schedule-actions.ts";

type Request = RequestOf<"pipeline">;

/** Success and durations of the runs that are shown. */
function runFacts(runs: readonly RunSummary[], host: Host): Html {
  const { succeeded, failed, median, p95 } = figuresOf(runs, host.now);
  const ended = succeeded + failed;
  return facts([
    [
      "Success",
      ended > 0 &&
        `${Math.round((succeeded / ended) * 100)} %: ${succeeded} of ${ended} that ended by themselves`,
    ],
    ["Median duration", median !== undefined && durationText(median)],
    ["95 % take at most", p95 !== undefined && durationText(p95)],
  ]);
}

function runSection(runs: readonly RunSummary[], pipeline: string, host: Host): Content {
  if (runs.length === 0) return html`<p>It has no run yet. Start one below.</p>`;
  const more = host.link({ page: "runs", pipeline }, "All its runs");
  return [
    runFacts(runs, host),
    runStrip(runs, host),
    html`<p>Durations are from the request to the end, waiting included. ${more}</p>`,
  ];
}

/** The pipeline's schedules, with their next times and toggles. */
function scheduleSection(
  schedules: readonly ScheduleView[],
  runs: readonly RunSummary[],
  host: Host,
): Content {
  if (schedules.length === 0) return undefined;
  const rows = schedules.map((schedule) => {
    const [late] = lateTimes([schedule], runs, host.now);
    return [
      schedule.name,
      schedule.active ? "on" : "off",
      schedule.rule,
      [
        late !== undefined &&
          html`<div><strong>late</strong>: was due at ${time(late.since, host)}${late.runId !== undefined && html`; its run ${host.link({ page: "run", runId: late.runId }, "waits for a slot")}`}</div>`,
        schedule.upcoming
          .filter((next) => next !== lateSince(schedule, host.now))
          .map((next) => html`<div>${time(next, host)}</div>`),
      ],
      scheduleButton(schedule, host),
    ];
  });
  const columns = ["Schedule", "Is", "Times", "Next", "Change"];
  return [html`<h2>Schedules</h2>`, table("Schedules of the pipeline", columns, rows)];
}

function startForm(fields: readonly Field[], { pipeline, again }: Request, host: Host): Html {
  return host.form({
    name: "start",
    fields: [...fields, { name: "name", label: "Name of the run" }, { name: "tags", label: "Tags" }],
    submit: "Start a run",
    to: {
      ...{ action: "start", pipeline },
      // A page's form starts one run, however often its answer is lost.
      ...{
        scheduledAt: new Date(host.now).toISOString(),
        key: `console${again === undefined ? "" : ` ${again}`}`,
      },
      confirm: `Start a run of ${pipeline} with these parameters?`,
    },
  });
}

function show(data: PipelinePageData, request: Request, host: Host): Content {
  const { pipeline, triggers, followers } = data;
  const starts = triggers.map((trigger) => html`<div>${triggerText(trigger)}</div>`);
  return [
    facts([
      ["Starts on", starts.length === 0 ? "requests only" : starts],
      [
        "Then starts",
        followers.length > 0 &&
          followers.map((name) => html`${host.link({ page: "pipeline", pipeline: name }, name)} `),
      ],
    ]),
    sectionOr("Its schedules", data.schedules, (schedules) =>
      scheduleSection(schedules, data.runs.read ? data.runs.value : [], host),
    ),
    html`<h2>Last ${runsShown} runs</h2>`,
    sectionOr("Its runs", data.runs, (runs) => runSection(runs, pipeline, host)),
    html`<h2>Start a run</h2>`,
    request.again !== undefined &&
      html`<p>The parameters are those of run ${host.link({ page: "run", runId: request.again }, request.again)}.</p>`,
    sectionOr("The form of its parameters", data.fields, (fields) => startForm(fields, request, host)),
    html`<p>${host.link({ page: "backfill-plan", pipeline }, "Run it for past times…")}</p>`,
    html`<h2>Graph</h2>`,
    sectionOr("Its graph", data.graph, ({ graph, hash }) => graphPicture(graph, hash)),
  ];
}

/** One pipeline: what starts it, how its runs went, a form to start one, and its graph. */
export const pipelinePage: BuiltPage<Request> = page<Request, PipelinePageData>({
  title: ({ pipeline }) => `Pipeline ${pipeline}`,
  read: readPipeline,
  show,
  command: ({ pipeline }) => ["runs", "--pipeline", pipeline, "--limit", String(runsShown)],
});
