import { criticalPath } from "../../../run/critical-path.ts";
import type { StepView } from "../../../run/run-view.ts";
import type { FoundStep, JobTry } from "../../../state/step-record.ts";
import { type Colour, stateLook } from "../../../wording/state-looks.ts";
import { durationText } from "../../../wording/units.ts";
import type { Host } from "../../host/host.ts";
import { type Content, type Html, html } from "../../html.ts";
import { fills } from "../../parts/fills.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";
import type { RunPageData } from "../../read/read-run.ts";
import { type Level, underWay } from "../../under-way.ts";

/** A part of a step's time, in epoch milliseconds. */
type Segment = { readonly word: string; readonly from: number; readonly to: number; readonly colour: Colour };

const ended = ({ endedAt }: JobTry, now: number) => endedAt ?? now;

/** Queued, running and each retry of a step with jobs, as far as its records say. */
function jobSegments(step: StepView, now: number): Segment[] {
  const tries = (step.jobs ?? []).flatMap(({ tries, state, attempt }) =>
    tries.flatMap((each) =>
      each.startedAt === undefined ? [] : [{ ...each, begin: each.startedAt, state, attempt }],
    ),
  );
  let at = step.startedAt === undefined ? now : Date.parse(step.startedAt);
  return tries
    .toSorted((a, b) => a.begin - b.begin)
    .flatMap((each): Segment[] => {
      const to = ended(each, now);
      const queued: Segment[] =
        each.begin > at ? [{ word: "queued", from: at, to: each.begin, colour: "gray" }] : [];
      at = Math.max(at, to);
      const colour = each.state === "FAILED" ? "red" : stateLook(each.state).colour;
      return [
        ...queued,
        { word: `attempt ${each.attempt} ${stateLook(each.state).word}`, from: each.begin, to, colour },
      ];
    });
}

function segmentsOf(step: StepView, runStart: number, now: number): Segment[] {
  if (step.startedAt === undefined) return [];
  const from = Date.parse(step.startedAt);
  const to = step.endedAt === undefined ? now : Date.parse(step.endedAt);
  const waits: Segment[] =
    from > runStart ? [{ word: "waits for upstream", from: runStart, to: from, colour: "gray" }] : [];
  const jobs = step.children === undefined ? jobSegments(step, now) : [];
  const { word, colour } = stateLook(step.state);
  return [...waits, ...(jobs.length > 0 ? jobs : [{ word, from, to, colour }])];
}

// Units of the drawing.
const width = 1000;
const height = 18;
/** Bars stand on this line. Waiting is thinnest, so that it differs from work by more than its colour. */
const ground = 16;
const thickness = { waiting: 2, work: 8, critical: 14 } as const;

/** The axis of all bars, in epoch milliseconds. */
type Axis = { readonly start: number; readonly end: number };

const placeOn = ({ start, end }: Axis, at: number) => ((at - start) * width) / Math.max(1, end - start);

function picture(finding: string, shapes: Content): Html {
  return html`<svg class="mr-bar" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${finding}"><title>${finding}</title>${shapes}</svg>`;
}

function bar(segments: readonly Segment[], axis: Axis, isCritical: boolean): Html {
  const finding = segments.map(({ word, from, to }) => `${word} ${durationText(to - from)}`).join(", ");
  const rects = segments.map(({ word, from, to, colour }) => {
    const isWork = word !== "queued" && word !== "waits for upstream";
    const tall = isWork ? (isCritical ? thickness.critical : thickness.work) : thickness.waiting;
    const x = placeOn(axis, from);
    const length = Math.max(2, placeOn(axis, to) - x).toFixed(1);
    return html`<rect class="${fills[colour]}" x="${x.toFixed(1)}" y="${ground - tall}" width="${length}" height="${tall}"></rect>`;
  });
  return picture(finding, rects);
}

/** How many children of a map were under way, as an area over the axis. */
function area(step: StepView, levels: readonly Level[], most: number, axis: Axis): Html {
  const path = levels
    .map(
      ({ at, count }) => `H${placeOn(axis, at).toFixed(1)}V${(ground - (count * ground) / most).toFixed(1)}`,
    )
    .join("");
  const { word, colour } = stateLook(step.state);
  const finding = `${word}, ${step.children?.total ?? 0} children, at most ${most} under way at once`;
  return picture(finding, html`<path class="${fills[colour]}" d="M0,${ground}${path}V${ground}z"></path>`);
}

/** A map whose children were all read is the count of those under way; every other step is a bar. */
function drawingOf(
  step: StepView,
  segments: readonly Segment[],
  children: readonly FoundStep[],
  axis: Axis,
  isCritical: boolean,
): Content {
  if (segments.length === 0) return html`<span class="mr-quiet">${stateLook(step.state).word}</span>`;
  const levels = step.children?.total === children.length ? underWay(children, axis.end) : [];
  const most = Math.max(0, ...levels.map(({ count }) => count));
  if (most === 0) return bar(segments, axis, isCritical);
  return [
    area(step, levels, most, axis),
    html`<span class="mr-quiet">${step.children?.total} children, at most ${most} at once</span>`,
  ];
}

/** Which steps decided how long the run took, in words. */
function pathText(path: readonly StepView[], total: number): Content {
  if (path.length === 0) return undefined;
  const took = path.reduce((sum, { milliseconds = 0 }) => sum + milliseconds, 0);
  const names = path.map(({ name }, place) => html`${place > 0 && " → "}<strong>${name}</strong>`);
  return html`<p>Critical path: ${names}. These steps took ${durationText(took)} of the run's ${durationText(total)}. A faster step elsewhere doesn't shorten the run.</p>`;
}

/**
 * When each step waited, was queued and worked, on one axis, with the same as figures. Steps of the critical path are
 * bold, and named in a sentence.
 */
export function timelineTab(
  { view, graph, records }: Pick<RunPageData, "view" | "graph" | "records">,
  host: Host,
): Content {
  const start = Date.parse(view.startedAt);
  const axis = { start, end: start + view.milliseconds };
  const path = criticalPath(graph, view.steps, axis.end);
  const children = Map.groupBy(
    records.filter(({ index }) => index !== "map"),
    ({ step }) => step,
  );
  const rows = view.steps.map((step) => {
    const isCritical = path.includes(step);
    const segments = segmentsOf(step, axis.start, axis.end);
    const waited = segments
      .filter(({ word }) => word === "queued")
      .reduce((sum, { from, to }) => sum + to - from, 0);
    return [
      isCritical ? html`<strong>${step.name}</strong>` : step.name,
      drawingOf(step, segments, children.get(step.name) ?? [], axis, isCritical),
      isCritical ? "yes" : "",
      step.startedAt === undefined ? "" : time(step.startedAt, host),
      waited === 0 ? "" : durationText(waited),
      step.milliseconds === undefined ? "" : durationText(step.milliseconds - waited),
    ];
  });
  const columns = [
    "Step",
    "From the request to the end",
    "Critical",
    "Began",
    { heading: "Queued", figures: true },
    { heading: "Took without the queue", figures: true },
  ] as const;
  return [pathText(path, view.milliseconds), table("Timeline of the run", columns, rows)];
}
