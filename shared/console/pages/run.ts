import type { Json } from "../../pipeline/json.ts";
import type { RunView } from "../../run/run-view.ts";
import { causeText } from "../../wording/cause-text.ts";
import { costText } from "../../wording/usage-text.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import { type RequestOf, type RunTab, runTabs } from "../page-request.ts";
import { facts } from "../parts/facts.ts";
import { graphPicture } from "../parts/graph-picture.ts";
import { sectionOr } from "../parts/panel.ts";
import { runBadge } from "../parts/state-badge.ts";
import { tabs } from "../parts/tabs.ts";
import { duration, time } from "../parts/time.ts";
import { type LogTail, readLogTail } from "../read/read-log.ts";
import { type RunPageData, readResult, readRun, readWaits } from "../read/read-run.ts";
import { runButtons } from "../run-actions.ts";
import { type Section, section } from "../sources.ts";
import { tabTexts } from "../tab-texts.ts";
import { artifactsTab } from "./run-tabs/artifacts-tab.ts";
import { dataTab } from "./run-tabs/data-tab.ts";
import { logTab } from "./run-tabs/log-tab.ts";
import { stepsTab } from "./run-tabs/steps-tab.ts";
import { timelineTab } from "./run-tabs/timeline-tab.ts";
import { whyPanel } from "./run-tabs/why-panel.ts";

type Request = RequestOf<"run">;

type Data = RunPageData & {
  /** The view with what changes by the second, if that could be read. */
  readonly live: Section<RunView>;
  /** Read only for their tabs. */
  readonly log?: Section<LogTail>;
  readonly result?: Section<Json | undefined>;
};

/** The run that a run comes from, as a link. */
function causeOf(view: RunView, host: Host): Content {
  const text = causeText(view.cause);
  if (!("runId" in view.cause)) return text;
  const { kind, runId } = view.cause;
  const compare =
    kind === "rerun" && host.link({ page: "compare", runs: [runId, view.runId] }, "compare it with that run");
  return html`${text} ${host.link({ page: "run", runId }, "look at that run")} ${compare}`;
}

/** A form that opens this run next to others. */
function compareForm({ runId }: RunView, host: Host): Html {
  return host.form({
    name: "compare",
    submit: "Compare",
    to: { page: "compare", runs: [runId] },
    fields: [{ name: "runs", label: "Compare with runs (ids, with commas)", value: `${runId},` }],
  });
}

/** The runs that its steps started or wait for. */
function childrenOf({ steps, afterwards }: RunView, host: Host): Html | undefined {
  const ids = [
    ...steps.flatMap(({ child, childRuns = [] }) => [
      ...(child === undefined ? [] : [child]),
      ...childRuns.map(({ runId }) => runId),
    ]),
    ...afterwards.flatMap(({ child }) => (child === undefined ? [] : [child])),
  ];
  if (ids.length === 0) return undefined;
  return html`${[...new Set(ids)].slice(0, 20).map((runId) => html`${host.link({ page: "run", runId }, runId)} `)}`;
}

/** The pipeline as a link, and its start form with the parameters of this run. */
function pipelineOf({ pipeline, runId }: RunView, host: Host): Content {
  const link = host.link({ page: "pipeline", pipeline }, pipeline);
  return html`${link} ${host.link({ page: "pipeline", pipeline, again: runId }, "Again with these parameters")}`;
}

/** A commit's mark of a checkout with changes, in words. */
const dirtyText = (commit: string) => commit.endsWith("-dirty") && " with changes that were not committed";

function factList({ run, view }: Data, host: Host): Html {
  const retried = view.epoch - 1;
  return facts([
    ["State", runBadge(view.state)],
    ["Pipeline", pipelineOf(view, host)],
    ["Name", view.name],
    ["Run", html`<code>${view.runId}</code>`],
    ["Cause", causeOf(view, host)],
    ["Runs that it started", childrenOf(view, host)],
    ["For the time", time(view.scheduledAt, host)],
    ["Asked for", time(view.startedAt, host)],
    ["Began", run.activeSince === undefined ? undefined : time(run.activeSince, host)],
    ["Ended", view.endedAt === undefined ? undefined : time(view.endedAt, host)],
    ["Took", duration(view.milliseconds)],
    [
      "Epoch",
      retried === 0 ? "1" : `${view.epoch}: retried by hand ${retried === 1 ? "once" : `${retried} times`}`,
    ],
    [
      "Queue",
      html`${host.link({ page: "queues", queue: view.queue }, view.queue)}, priority ${view.priority}`,
    ],
    [
      "Cost",
      view.cost.dollars > 0
        ? html`<span title="${view.cost.basis}">${costText(view.cost)}</span>`
        : undefined,
    ],
    ["Tags", view.tags.join(" ")],
    [
      "Commit",
      run.commit !== undefined && html`<code>${run.commit.slice(0, 12)}</code>${dirtyText(run.commit)}`,
    ],
    ["Graph", html`<code>${run.graphHash.slice(0, 12)}</code>`],
  ]);
}

/** Draws the tab that is open. A table, so that each tab has its drawing. */
const drawTab: Readonly<Record<RunTab, (data: Data, host: Host) => Content>> = {
  steps: ({ live, view, counted }, host) => stepsTab(live.read ? live.value : view, counted, host),
  timeline: (data, host) => timelineTab(data, host),
  graph: ({ run, graph, view }) => graphPicture(graph, run.graphHash, view.steps),
  data: ({ view, result, counted }) => dataTab(view, result, counted),
  artifacts: ({ view, counted }) => artifactsTab(view, counted),
  log: ({ log, counted }, host) => log && sectionOr("The log", log, (tail) => logTab(tail, counted, host)),
};

function show(data: Data, request: Request, host: Host): Content {
  const view = data.live.read ? data.live.value : data.view;
  const buttons = runButtons(view, host);
  return [
    whyPanel(view, data.records, host),
    sectionOr("What it waits for, and its progress,", data.live, () => undefined),
    factList(data, host),
    html`<div class="mr-actions">${buttons}</div>`,
    host.shows("compare") && compareForm(view, host),
    tabs(
      host,
      "Parts of the run",
      runTabs.map((tab) => [{ ...request, tab }, tabTexts[tab], tab === request.tab]),
    ),
    drawTab[request.tab](data, host),
  ];
}

/** One run: why it failed or waits, its facts, what can be done, and its parts in tabs. */
export const runPage: BuiltPage<Request> = page<Request, Data>({
  title: ({ runId }) => `Run ${runId}`,
  async read(sources, { runId, tab }) {
    const { engine } = sources;
    const data = await readRun(engine, runId);
    const [live, log, result] = await Promise.all([
      readWaits(engine, data),
      tab === "log" ? section(readLogTail(sources, data.run, data.records)) : undefined,
      tab === "data" ? readResult(engine, data) : undefined,
    ]);
    return { ...data, live, ...(log !== undefined && { log }), ...(result !== undefined && { result }) };
  },
  show,
  command: ({ runId, tab }) => [tab === "log" ? "logs" : "run", runId],
});
