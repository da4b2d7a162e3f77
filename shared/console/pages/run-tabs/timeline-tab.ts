import type { RunView, StepView } from "../../../run/run-view.ts";
import type { JobTry } from "../../../state/step-record.ts";
import { type Colour, stateLook } from "../../../wording/state-looks.ts";
import { durationText } from "../../../wording/units.ts";
import type { Host } from "../../host/host.ts";
import { type Content, type Html, html } from "../../html.ts";
import { fills } from "../../parts/fills.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";

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

/** Units of the drawing's width. */
const width = 1000;

function bar(segments: readonly Segment[], start: number, end: number): Html {
  const scale = width / Math.max(1, end - start);
  const finding = segments.map(({ word, from, to }) => `${word} ${durationText(to - from)}`).join(", ");
  const rects = segments.map(({ word, from, to, colour }) => {
    // Waiting is thin, so that it differs from work by more than its colour.
    const isWork = word !== "queued" && word !== "waits for upstream";
    const x = ((from - start) * scale).toFixed(1);
    const length = Math.max(2, (to - from) * scale).toFixed(1);
    return html`<rect class="${fills[colour]}" x="${x}" y="${isWork ? 2 : 8}" width="${length}" height="${isWork ? 14 : 2}"></rect>`;
  });
  return html`<svg class="mr-bar" viewBox="0 0 1000 18" preserveAspectRatio="none" role="img" aria-label="${finding}"><title>${finding}</title>${rects}</svg>`;
}

/** When each step waited, was queued and worked, on one axis, with the same as figures. */
export function timelineTab(view: RunView, host: Host): Content {
  const start = Date.parse(view.startedAt);
  const end = start + view.milliseconds;
  const rows = view.steps.map((step) => {
    const segments = segmentsOf(step, start, end);
    const waited = segments
      .filter(({ word }) => word === "queued")
      .reduce((sum, { from, to }) => sum + to - from, 0);
    return [
      step.name,
      segments.length === 0
        ? html`<span class="mr-quiet">${stateLook(step.state).word}</span>`
        : bar(segments, start, end),
      step.startedAt === undefined ? "" : time(step.startedAt, host),
      waited === 0 ? "" : durationText(waited),
      step.milliseconds === undefined ? "" : durationText(step.milliseconds - waited),
    ];
  });
  const columns = [
    "Step",
    "From the request to the end",
    "Began",
    { heading: "Queued", figures: true },
    { heading: "Took without the queue", figures: true },
  ] as const;
  return table("Timeline of the run", columns, rows);
}
