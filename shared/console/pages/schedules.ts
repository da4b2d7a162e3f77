import { shownError } from "../../pipeline/millrace-error.ts";
import { type RunState, type RunSummary, runStates } from "../../state/run.ts";
import { type Look, runLook } from "../../wording/state-looks.ts";
import { agoText } from "../../wording/units.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { type LateTime, lateTimes } from "../late-schedules.ts";
import { type BuiltPage, page } from "../page.ts";
import type { PageTarget, RequestOf } from "../page-request.ts";
import { errorPanel } from "../parts/panel.ts";
import { badge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { time, timeText } from "../parts/time.ts";
import {
  type CalendarRow,
  type CalendarTime,
  calendarDays,
  maxTimes,
  readSchedules,
  type SchedulesPageData,
} from "../read/read-schedules.ts";
import { scheduleButton } from "../schedule-actions.ts";

type Request = RequestOf<"schedules">;

const day = 24 * 3_600_000;

/** How a time without a run looks. */
const otherLooks: Readonly<Record<Exclude<CalendarTime["kind"], "run">, Look>> = {
  none: { symbol: "–", word: "no run", colour: "yellow" },
  unread: { symbol: "?", word: "not read", colour: "gray" },
  next: { symbol: "·", word: "to come", colour: "gray" },
};

/** The order of states in a cell: what needs somebody comes first. */
const order: readonly string[] = [
  ...["FAILED", "TIMED_OUT", "none", "CANCELLED", "CANCELLING", "PAUSED", "QUEUED", "SCHEDULED", "RUNNING"],
  ...["SUCCEEDED", "unread", "next"],
];

const stateOf = (each: CalendarTime) => (each.kind === "run" ? each.run.state : each.kind);
const lookOf = (each: CalendarTime) =>
  each.kind === "run" ? runLook(each.run.state) : otherLooks[each.kind];
const knownState = (text: string): RunState | undefined => runStates.find((state) => state === text);

/** Up to this many schedules, every cell has links; beyond it, only cells of runs that didn't succeed. */
const maxLinked = 20;

/** The page of the only run, or the list of runs of this state since the first. */
function targetOf(
  times: readonly CalendarTime[],
  first: RunSummary,
  last: CalendarTime,
  pipeline: string,
): PageTarget {
  if (times.length === 1) return { page: "run", runId: first.runId };
  const until = new Date(Date.parse(last.time) + day).toISOString();
  const state = knownState(first.state);
  return {
    page: "runs",
    ...{ pipeline, since: first.scheduledAt, until },
    ...(state !== undefined && { state: [state] }),
  };
}

/** The times of one state on one day: the time if there is one, else how many. */
function group(times: readonly CalendarTime[], pipeline: string, isLinked: boolean, host: Host): Html {
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return html``;
  const clock = timeText(first.time, host).slice("YYYY-MM-DD ".length, "YYYY-MM-DD HH:MM".length);
  const text = times.length === 1 ? clock : `${times.length} from ${clock}`;
  const links = first.kind === "run" && (isLinked || first.run.state !== "SUCCEEDED");
  return html`<div>${links ? host.link(targetOf(times, first.run, last, pipeline), text) : text} ${badge(lookOf(first))}</div>`;
}

function cell(times: readonly CalendarTime[], pipeline: string, isLinked: boolean, host: Host): Content {
  const groups = [...Map.groupBy(times, stateOf)].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return groups.map(([, each]) => group(each, pipeline, isLinked, host));
}

const dateAfter = (date: string, days: number) =>
  new Date(Date.parse(date) + days * day).toISOString().slice(0, "YYYY-MM-DD".length);

function calendar({ first, rows }: SchedulesPageData, host: Host): Html {
  const days = Array.from({ length: calendarDays }, (_, place) => dateAfter(first, place));
  const today = timeText(host.now, host).slice(0, "YYYY-MM-DD".length);
  const shown = rows.map(({ schedule, times }) => {
    const { pipeline, name, active } = schedule;
    const head = html`${host.link({ page: "pipeline", pipeline }, pipeline)} <div>${name}, ${active ? "on" : "off"}</div>`;
    if (!times.read) return [head, ...days.map(() => "could not be read")];
    const byDay = Map.groupBy(times.value, (each) => timeText(each.time, host).slice(0, "YYYY-MM-DD".length));
    return [
      head,
      ...days.map((date) => cell(byDay.get(date) ?? [], pipeline, rows.length <= maxLinked, host)),
    ];
  });
  const weekdays = days.map((date) => {
    const weekday = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "UTC" }).format(
      new Date(date),
    );
    return `${weekday} ${date.slice("YYYY-".length)}${date === today ? ", today" : ""}`;
  });
  return table("Runs of schedules by day", ["Schedule", ...weekdays], shown);
}

/** Parts of the calendar that could not be read, each with its reason. */
function unreadable(rows: readonly CalendarRow[]): Content {
  return rows.map(({ schedule, times }) => {
    if (times.read) return undefined;
    const error = shownError(times.error);
    return errorPanel({
      ...error,
      message: `The runs of ${schedule.pipeline} could not be read: ${error.message}`,
    });
  });
}

/** What is late, as far as the runs of the shown days tell. */
function lateOf(rows: readonly CalendarRow[], now: number): LateTime[] {
  const runs = rows.flatMap(({ times }) =>
    times.read ? times.value.flatMap((each) => (each.kind === "run" ? [each.run] : [])) : [],
  );
  return lateTimes(
    rows.map(({ schedule }) => schedule),
    runs,
    now,
  );
}

/** What should have started by now and has not, and what to do. */
function latePanel(late: readonly LateTime[], host: Host): Content {
  if (late.length === 0) return undefined;
  const lines = late.map(
    ({ schedule: { pipeline, name }, since, runId }) =>
      html`<p><strong>Late</strong>: schedule ${name} of ${host.link({ page: "pipeline", pipeline }, pipeline)} was due at ${time(since, host)}, ${agoText(host.now - Date.parse(since))}.${runId !== undefined && html` Its run ${host.link({ page: "run", runId }, runId)} waits for a slot.`}</p>`,
  );
  const todo = [
    late.some(({ runId }) => runId !== undefined) &&
      html`<p>What to do: open the run that waits. It says which runs hold the slots, or that a limit is paused.</p>`,
    late.some(({ runId }) => runId === undefined) &&
      html`<p>What to do: look whether the function <code>tick</code> runs, with <code>npx millrace doctor</code>.</p>`,
  ];
  return html`<div class="mr-panel mr-yellow" role="alert">${lines}${todo}</div>`;
}

function scheduleTable(rows: readonly CalendarRow[], host: Host): Html {
  const shown = rows.map(({ schedule }) => [
    host.link({ page: "pipeline", pipeline: schedule.pipeline }, schedule.pipeline),
    schedule.name,
    schedule.active ? "on" : "off",
    schedule.rule,
    schedule.upcoming.map((next) => html`<div>${time(next, host)}</div>`),
    scheduleButton(schedule, host),
  ]);
  return table("All schedules", ["Pipeline", "Schedule", "Is", "Times", "Next", "Change"], shown);
}

/** The late ones first, then by pipeline and name. */
function lateFirst(rows: readonly CalendarRow[], late: readonly LateTime[]): CalendarRow[] {
  const isLate = new Set(late.map(({ schedule }) => schedule));
  const place = ({ schedule }: CalendarRow) => (isLate.has(schedule) ? 0 : 1);
  return rows.toSorted((a, b) => place(a) - place(b));
}

function show(data: SchedulesPageData, _request: Request, host: Host): Content {
  const late = lateOf(data.rows, host.now);
  const rows = lateFirst(data.rows, late);
  const backfills = html`<p>${host.link({ page: "backfill" }, "Backfills")}: runs for times in the past.</p>`;
  if (rows.length === 0)
    return [
      html`<p>No pipeline has a schedule. Add one to its triggers: <code>cron("0 3 * * *")</code>.</p>`,
      backfills,
    ];
  const { first } = data;
  return [
    latePanel(late, host),
    unreadable(rows),
    html`<p>${host.link({ page: "schedules", week: dateAfter(first, -calendarDays) }, "Earlier")} ${host.link({ page: "schedules" }, "Today")} ${host.link({ page: "schedules", week: dateAfter(first, calendarDays) }, "Later")}</p>`,
    calendar({ first, rows }, host),
    html`<p>“No run” also means that the schedule was off then. At most ${maxTimes} times without a run and ${maxTimes} to come are counted for each schedule.</p>`,
    html`<h2>All schedules</h2>`,
    scheduleTable(rows, host),
    backfills,
  ];
}

/** Schedules: what ran, what is to come, what is late, and their toggles. */
export const schedulesPage: BuiltPage<Request> = page<Request, SchedulesPageData>({
  title: () => "Schedules",
  read: ({ engine }, request) => readSchedules(engine, request),
  show,
  command: () => ["schedules", "--upcoming", "10"],
});
