import type { FullLimit } from "../../run/full-limits.ts";
import type { ScheduleView } from "../../schedule/schedule-view.ts";
import type { RunSummary } from "../../state/run.ts";
import { runLook } from "../../wording/state-looks.ts";
import { agoText, countText } from "../../wording/units.ts";
import { costText } from "../../wording/usage-text.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { lateSince, lateTimes } from "../late-schedules.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { columnChart } from "../parts/column-chart.ts";
import { notice, sectionOr } from "../parts/panel.ts";
import { runLinks } from "../parts/run-links.ts";
import { runBadge } from "../parts/state-badge.ts";
import { type Column, table } from "../parts/table.ts";
import { ago, time, timeText } from "../parts/time.ts";
import {
  type Failures,
  type HomePageData,
  type PipelineFigures,
  type RecentRuns,
  readHome,
  type StateRuns,
  shownDays,
  type WaitingAnswer,
  type WaitingRuns,
} from "../read/read-home.ts";

type Request = RequestOf<"home">;

const hour = 3_600_000;
const hours = 24;
/** Failures, waiting steps and upcoming runs that are shown; more are counted. */
const maxShown = 12;
const maxUpcoming = 8;
const maxPipelines = 50;
/** Characters of a failure's message. */
const maxMessage = 200;

/** Runs that wait for a slot, as far as they could be read. */
const queuedRuns = ({ open }: HomePageData) =>
  open.read ? open.value.flatMap(({ state, runs }) => (state === "QUEUED" ? runs : [])) : [];

const isPaused = ({ limits }: WaitingRuns) => limits.some(({ slots }) => slots === 0);

/** The stage's health in a sentence. A part that could not be read is never called healthy. */
function health(data: HomePageData, host: Host): Html {
  const { open, waiting: queued, recent, failures, schedules, approvals, figures } = data;
  const underWay = open.read ? open.value : [];
  const count = underWay.reduce((sum, { runs }) => sum + runs.length, 0);
  const openText = `${countText(
    count,
    "run",
    underWay.some(({ more }) => more),
  )} ${count === 1 ? "has" : "have"} not ended.`;
  const { lastDay = 0, more = false } = failures.read ? failures.value : {};
  const late = schedules.read ? lateTimes(schedules.value, queuedRuns(data), host.now).length : 0;
  const paused = queued.read
    ? queued.value.filter(isPaused).reduce((sum, { count: runs }) => sum + runs, 0)
    : 0;
  const waiting = approvals.read ? approvals.value.length : 0;
  const bad = [
    lastDay > 0 && `${countText(lastDay, "run", more)} failed in the last day`,
    late > 0 && `${countText(late, "schedule")} ${late === 1 ? "is" : "are"} late`,
    paused > 0 && `${countText(paused, "run")} ${paused === 1 ? "waits" : "wait"} because a limit is paused`,
    waiting > 0 && `${countText(waiting, "step")} ${waiting === 1 ? "waits" : "wait"} for a person`,
  ].filter((text) => text !== false);
  if (bad.length > 0)
    return html`<p class="mr-panel mr-yellow" role="status"><strong>${bad.join(", ")}.</strong> ${openText}</p>`;
  if (![open, queued, recent, failures, schedules, approvals, figures].every(({ read }) => read))
    return html`<p class="mr-panel mr-yellow" role="status"><strong>Not all could be read.</strong> Nothing bad is known of the rest.</p>`;
  const succeeded = recent.read ? recent.value.runs.filter(({ state }) => state === "SUCCEEDED").length : 0;
  return html`<p class="mr-panel mr-green" role="status"><strong>All is well.</strong> ${countText(succeeded, "run")} succeeded in the last day, none failed, no schedule is late. ${openText}</p>`;
}

/** How many runs are open, by state. */
function openRuns(all: readonly StateRuns[], host: Host): Content {
  const some = all.filter(({ runs }) => runs.length > 0);
  if (some.length === 0) return html`<p>No run is under way or waits.</p>`;
  return html`<p>${some.map(
    ({ state, runs, more }) =>
      html`${runBadge(state)} ${host.link({ page: "runs", state: [state] }, countText(runs.length, "run", more))} `,
  )}</p>`;
}

/** Holders of a limit's slots that are links. */
const maxHolders = 3;

/** Why a run doesn't begin, with links to those that hold the slots. */
function limitText({ limit, slots, holders }: FullLimit, host: Host): Html {
  if (slots === 0) return html`<div><strong>${limit} is paused</strong></div>`;
  return html`<div>${limit}: ${holders.length} of ${slots} held by ${runLinks(holders, maxHolders, host)}</div>`;
}

/** Runs that wait for a slot: since when, and for what. */
function waitingRuns(all: readonly WaitingRuns[], queued: StateRuns | undefined, host: Host): Content {
  if (all.length === 0) return undefined;
  const pipelines = new Set(queued?.runs.map(({ pipeline }) => pipeline));
  const listed = all.map(({ pipeline }) => pipeline);
  const others = [...pipelines].filter((pipeline) => !listed.includes(pipeline)).length;
  const rows = all.map(({ pipeline, count, oldest, limits }) => [
    host.link({ page: "queues", queue: oldest.queue }, oldest.queue),
    limits.length === 0 ? "a free slot: about to begin" : limits.map((limit) => limitText(limit, host)),
    count,
    ago(oldest.startedAt, host),
    pipeline,
  ]);
  const runs = { heading: "Runs", figures: true } as const;
  return [
    table("Runs that wait for a slot", ["Queue", "Waits for", runs, "First asked for", "Pipeline"], rows),
    queued?.more === true &&
      html`<p>Only the newest ${queued.runs.length} runs that wait were looked at. Others may wait longer: ${host.link({ page: "queues" }, "all queues")}.</p>`,
    others > 0 &&
      html`<p>Runs of ${countText(others, "more pipeline")} wait: ${host.link({ page: "queues" }, "all queues")}.</p>`,
  ];
}

/** States in the order of the picture, from the ground up; other states are open ones. */
const chartStates = ["SUCCEEDED", "CANCELLED", "RUNNING", "TIMED_OUT", "FAILED"] as const;
type ChartState = (typeof chartStates)[number];

/** Open runs are one part of the picture. */
function chartState({ state }: RunSummary): ChartState {
  return chartStates.find((each) => each === state) ?? "RUNNING";
}
const chartWord = (state: ChartState) => (state === "RUNNING" ? "not ended" : runLook(state).word);

/** The runs of the last day by hour and state, as a picture and as a table. */
function byHour({ runs, since }: RecentRuns, host: Host): Content {
  if (runs.length === 0) return html`<p>No run was asked for in the last day.</p>`;
  const thisHour = Math.floor(host.now / hour) * hour;
  const columns = Array.from({ length: hours }, (_, place) => {
    const from = thisHour - (hours - 1 - place) * hour;
    const own = runs.filter(({ startedAt }) => Math.floor(Date.parse(startedAt) / hour) * hour === from);
    const counts = chartStates.map((state) => ({
      state,
      count: own.filter((run) => chartState(run) === state).length,
    }));
    return {
      from,
      counts,
      label: timeText(from, host).slice("YYYY-MM-DD ".length, "YYYY-MM-DD HH:MM".length),
    };
  });
  const failed = runs.filter(({ state }) => state === "FAILED" || state === "TIMED_OUT").length;
  const finding = `${countText(runs.length, "run")} of the last day by the hour in which they were asked for; ${failed} failed`;
  const drawn = columns.map(({ label, counts }) => ({
    label,
    title: `${label}: ${counts
      .filter(({ count }) => count > 0)
      .map(({ state, count }) => `${count} ${chartWord(state)}`)
      .join(", ")}`,
    parts: counts.map(({ state, count }) => ({ value: count, look: runLook(state) })),
  }));
  const rows = columns
    .filter(({ counts }) => counts.some(({ count }) => count > 0))
    .map(({ from, counts }) => [time(from, host), ...counts.map(({ count }) => count)]);
  const headings: Column[] = [
    "Hour",
    ...chartStates.map((state) => ({ heading: chartWord(state), figures: true }) as const),
  ];
  return [
    columnChart(finding, drawn),
    html`<p class="mr-quiet">${chartStates.map((state) => `${runLook(state).symbol} ${chartWord(state)}`).join(", ")}</p>`,
    host.now - since < hours * hour &&
      html`<p>Only the newest ${runs.length} runs are counted, back to ${time(since, host)}.</p>`,
    html`<details><summary>The same as a table</summary>${table("Runs by hour and state", headings, rows)}</details>`,
  ];
}

/** When the newest run that was requested after a failure succeeded, as far as the runs of the last day tell. */
function successSince(
  recent: readonly RunSummary[],
  pipeline: string,
  failedAt: string,
  host: Host,
): Content {
  const newest = recent
    .filter(
      (run) =>
        run.pipeline === pipeline &&
        run.state === "SUCCEEDED" &&
        Date.parse(run.startedAt) > Date.parse(failedAt),
    )
    .toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0];
  if (newest === undefined) return undefined;
  const { runId, endedAt = newest.startedAt } = newest;
  return html`<div>${runLook("SUCCEEDED").symbol} a later one succeeded ${host.link({ page: "run", runId }, ago(endedAt, host))}</div>`;
}

/** Failures with their reasons: the same step and error are one line. */
function failureTable({ groups, more }: Failures, recent: readonly RunSummary[], host: Host): Content {
  if (groups.length === 0) return html`<p>No run failed in the last ${shownDays} days.</p>`;
  const rows = groups
    .slice(0, maxShown)
    .map(({ pipeline, step, error, message, count, lastAt, lastRun }) => [
      host.link({ page: "pipeline", pipeline }, pipeline),
      step ?? "",
      html`<strong>${error}</strong> ${message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message}`,
      count,
      ago(lastAt, host),
      [host.link({ page: "run", runId: lastRun }, lastRun), successSince(recent, pipeline, lastAt, host)],
    ]);
  const hidden = Math.max(0, groups.length - maxShown);
  const rest = [hidden > 0 && `${hidden} more kinds of failures`, more && "earlier failed runs"].filter(
    (text) => text !== false,
  );
  const all = host.link({ page: "runs", state: ["FAILED", "TIMED_OUT"] }, "All failed runs");
  const columns = [
    "Pipeline",
    "Step",
    "Error",
    { heading: "Runs", figures: true },
    "Last",
    "Last run",
  ] as const;
  return [
    table(`Failures of the last ${shownDays} days, newest first`, columns, rows),
    html`<p>${rest.length > 0 && `Not shown: ${rest.join(" and ")}. `}${all}</p>`,
  ];
}

/** Steps that wait for a person; the run's page has the buttons. */
function waitingTable(all: readonly WaitingAnswer[], host: Host): Content {
  if (all.length === 0) return html`<p>Nothing waits for a person.</p>`;
  const rows = all
    .slice(0, maxShown)
    .map(({ run, step, message, deadlineAt }) => [
      host.link({ page: "run", runId: run.runId }, `Answer ${step} of ${run.name}`),
      run.pipeline,
      message,
      time(deadlineAt, host),
    ]);
  return [
    table("Steps that wait for a person", ["Step", "Pipeline", "Question", "Deadline"], rows),
    all.length > maxShown && html`<p>${all.length - maxShown} more wait.</p>`,
  ];
}

/** Late schedules first, then the next runs of all schedules. */
function upcoming(schedules: readonly ScheduleView[], queued: readonly RunSummary[], host: Host): Content {
  const late = lateTimes(schedules, queued, host.now).map(({ schedule, since, runId }) => [
    html`<strong>late</strong>, ${agoText(host.now - Date.parse(since))}${runId !== undefined && html`<div>its run ${host.link({ page: "run", runId }, "waits for a slot")}</div>`}`,
    time(since, host),
    host.link({ page: "pipeline", pipeline: schedule.pipeline }, schedule.pipeline),
    schedule.name,
  ]);
  const next = schedules
    .flatMap((schedule) => {
      const [at] = schedule.upcoming;
      return at === undefined || lateSince(schedule, host.now) !== undefined ? [] : [{ schedule, at }];
    })
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(0, maxUpcoming)
    .map(({ schedule, at }) => [
      "next",
      time(at, host),
      host.link({ page: "pipeline", pipeline: schedule.pipeline }, schedule.pipeline),
      schedule.name,
    ]);
  const rows = [...late, ...next];
  const calendar = html`<p>${host.link({ page: "schedules" }, "Calendar of all schedules")}</p>`;
  if (rows.length === 0) return [html`<p>No schedule is on.</p>`, calendar];
  return [table("Late and next runs of schedules", ["What", "Time", "Pipeline", "Schedule"], rows), calendar];
}

/** How to begin, with lines to copy. */
function howToStart(pipelines: readonly string[], stage: string): Html {
  const where = stage === "local" ? "" : ` --stage ${stage}`;
  const name = pipelines[0] ?? "PIPELINE";
  const lines = [`npx millrace pipelines`, `npx millrace start ${name}${where}`, `npx millrace runs${where}`];
  return notice([
    html`<p>No run was asked for in the last day. To start one, open a pipeline below, or copy a line:</p>`,
    html`<pre>${lines.join("\n")}</pre>`,
  ]);
}

/** Ends of runs in the columns of the table of pipelines. */
const endStates = ["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"] as const;

/** Every deployed pipeline, and what its runs of the last days came to; the most expensive first. */
function pipelineTable(
  pipelines: readonly string[],
  figures: readonly PipelineFigures[],
  host: Host,
): Content {
  const known = new Map(figures.map((each) => [each.pipeline, each]));
  const all = [...known.keys(), ...pipelines.filter((name) => !known.has(name))];
  if (all.length === 0)
    return html`<p>No pipeline is deployed. Add one with <code>npx millrace init NAME</code>.</p>`;
  const rows = all.slice(0, maxPipelines).map((pipeline): Content[] => {
    const { ends = {}, dollars = 0, atLeast = false } = known.get(pipeline) ?? {};
    return [
      host.link({ page: "pipeline", pipeline }, pipeline),
      ...endStates.map((state) => ends[state] ?? ""),
      dollars > 0 && costText({ dollars, atLeast }),
    ];
  });
  const counts = endStates.map((state) => ({ heading: runLook(state).word, figures: true }) as const);
  const caption = `Pipelines, with the runs that ended in the last ${shownDays} days (UTC) and their cost`;
  return [
    table(caption, ["Pipeline", ...counts, { heading: "Cost", figures: true }], rows),
    all.length > maxPipelines && html`<p>${all.length - maxPipelines} more.</p>`,
  ];
}

function show(data: HomePageData, _request: Request, host: Host): Content {
  const { recent, open } = data;
  const isQuiet =
    recent.read &&
    recent.value.runs.length === 0 &&
    open.read &&
    open.value.every(({ runs }) => runs.length === 0);
  return [
    health(data, host),
    isQuiet && howToStart(data.pipelines, host.stage),
    html`<h2>Open runs</h2>`,
    sectionOr("The open runs", open, (all) => openRuns(all, host)),
    sectionOr("What runs wait for", data.waiting, (all) =>
      waitingRuns(all, open.read ? open.value.find(({ state }) => state === "QUEUED") : undefined, host),
    ),
    html`<h2>Waits for a person</h2>`,
    sectionOr("What waits for a person", data.approvals, (all) => waitingTable(all, host)),
    html`<h2>Failures</h2>`,
    sectionOr("The failures", data.failures, (failures) =>
      failureTable(failures, recent.read ? recent.value.runs : [], host),
    ),
    html`<h2>Runs by hour</h2>`,
    sectionOr("The runs of the last day", recent, (all) => byHour(all, host)),
    html`<h2>Late and upcoming</h2>`,
    sectionOr("The schedules", data.schedules, (all) => upcoming(all, queuedRuns(data), host)),
    html`<h2>Pipelines, and their last ${shownDays} days</h2>`,
    sectionOr("What the runs of the last days came to", data.figures, () => undefined),
    pipelineTable(data.pipelines, data.figures.read ? data.figures.value : [], host),
  ];
}

/** The stage at a glance: its health, what failed, what waits, and what comes next. */
export const homePage: BuiltPage<Request> = page<Request, HomePageData>({
  title: () => "Home",
  read: ({ engine }) => readHome(engine),
  show,
  command: () => ["figures"],
});
