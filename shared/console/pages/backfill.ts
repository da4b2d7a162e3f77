import type { BackfillView } from "../../backfill/backfill-view.ts";
import type { Look } from "../../wording/state-looks.ts";
import { backfillButtons } from "../backfill-actions.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { cellGrid } from "../parts/cell-grid.ts";
import { facts } from "../parts/facts.ts";
import { notice, sectionOr } from "../parts/panel.ts";
import { badge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { time, timeText } from "../parts/time.ts";
import {
  type BackfillPageData,
  type BackfillTime,
  readBackfill,
  readBackfills,
  type TimeKind,
} from "../read/read-backfill.ts";

type Request = RequestOf<"backfill">;
type Data = { readonly all: readonly BackfillView[] } | { readonly one: BackfillPageData };

/** How the state of a time looks. */
const looks: Readonly<Record<TimeKind, Look>> = {
  failed: { symbol: "✗", word: "failed or cancelled", colour: "red" },
  open: { symbol: "▶", word: "open", colour: "cyan" },
  succeeded: { symbol: "✓", word: "succeeded", colour: "green" },
  ended: { symbol: "?", word: "checked", colour: "yellow" },
  left: { symbol: "·", word: "to come", colour: "gray" },
};
const kinds: readonly TimeKind[] = ["failed", "open", "succeeded", "ended", "left"];

/** How a backfill's own state looks; one of a newer version is shown as it is. */
const stateLooks: ReadonlyMap<string, Look> = new Map([
  ["RUNNING", { symbol: "▶", word: "running", colour: "cyan" }],
  ["DONE", { symbol: "✓", word: "done", colour: "green" }],
  ["CANCELLED", { symbol: "⊘", word: "cancelled", colour: "magenta" }],
]);
const stateBadge = (state: string) =>
  badge(stateLooks.get(state) ?? { symbol: "?", word: state, colour: "gray" });

/** Rows of the table of times: each is a line with a link. */
const maxRows = 150;

/** Consecutive times of one kind. */
type Stretch = { readonly kind: TimeKind; readonly first: BackfillTime; last: BackfillTime; count: number };

function stretchesOf(times: readonly BackfillTime[]): Stretch[] {
  const found: Stretch[] = [];
  for (const each of times) {
    const last = found.at(-1);
    if (last !== undefined && last.kind === each.kind)
      Object.assign(last, { last: each, count: last.count + 1 });
    else found.push({ kind: each.kind, first: each, last: each, count: 1 });
  }
  return found;
}

function timeGrid(times: readonly BackfillTime[], pipeline: string, host: Host): Content {
  const counts = kinds.map((kind) => [kind, times.filter((each) => each.kind === kind).length] as const);
  const present = counts.filter(([, count]) => count > 0);
  const finding = `${times.length} times in order: ${present.map(([kind, count]) => `${count} ${looks[kind].word}`).join(", ")}`;
  const cells = kinds.map((kind) => ({
    colour: looks[kind].colour,
    places: times.flatMap((each, place) => (each.kind === kind ? [place] : [])),
    isLow: kind === "left",
  }));
  const stretches = stretchesOf(times);
  const rows = stretches
    .slice(0, maxRows)
    .map(({ kind, first, last, count }) => [
      time(first.time, host),
      count === 1 ? "" : time(last.time, host),
      count,
      badge(looks[kind]),
      count === 1 && kind !== "left"
        ? host.link({ page: "run", runId: first.runId }, first.runId)
        : kind === "failed" &&
          host.link({ page: "runs", pipeline, state: ["FAILED", "TIMED_OUT", "CANCELLED"] }, "failed runs"),
    ]);
  const columns = ["From", "To", { heading: "Times", figures: true }, "State", "Run"] as const;
  return [
    html`<p>${present.map(([kind, count]) => html`${badge(looks[kind])} ${count} `)}</p>`,
    cellGrid(finding, cells, times.length),
    table("Times of the backfill, in order", columns, rows),
    stretches.length > maxRows &&
      html`<p>${maxRows} of ${stretches.length} rows; the command below shows the rest.</p>`,
    times.some(({ kind }) => kind === "ended") &&
      notice(
        html`<p>The pipeline has more failed runs than this page reads, so it can't tell which of the checked times failed.</p>`,
      ),
  ];
}

function showOne({ view, plan, times }: BackfillPageData, host: Host): Content {
  const { pipeline, total, succeeded, skipped, failed, open, left } = view;
  const counts = { succeeded, "skipped, because they had succeeded": skipped, failed, open, left };
  const words = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`);
  return [
    facts([
      ["State", stateBadge(view.state)],
      ["Reason", view.reason],
      ["Pipeline", host.link({ page: "pipeline", pipeline }, pipeline)],
      ["Times", `${total}, ${view.rule}`],
      ["From", time(view.from, host)],
      ["To, exclusive", time(view.to, host)],
      ["Progress", words.join(", ")],
      ["At once", view.concurrency],
      [
        "Pass",
        html`${view.pass}, begun ${time(plan.passAt, host)}${plan.retryFailed && ", with failed times"}`,
      ],
      ["Its runs", host.link({ page: "runs", tag: view.tag }, `tag ${view.tag}`)],
    ]),
    html`<div class="mr-actions">${backfillButtons(view, host)}</div>`,
    html`<h2>Times</h2>`,
    sectionOr("The state of its times", times, (all) => timeGrid(all, pipeline, host)),
    html`<p>${host.link({ page: "backfill" }, "All backfills")}</p>`,
  ];
}

function showAll(all: readonly BackfillView[], host: Host): Content {
  if (all.length === 0)
    return html`<p>No backfill yet. Run a pipeline for past times from its page, or with <code>npx millrace backfill start PIPELINE --from 2021-04-01 --to 2021-05-01 --every day</code>.</p>`;
  const rows = all.map((view) => [
    host.link({ page: "backfill", backfill: view.backfill }, view.backfill),
    view.pipeline,
    stateBadge(view.state),
    `${timeText(view.from, host).slice(0, 10)} to ${timeText(view.to, host).slice(0, 10)}`,
    view.total,
    view.succeeded + view.skipped,
    view.failed,
    view.open,
    view.left,
  ]);
  const figures = ["Times", "Succeeded", "Failed", "Open", "Left"].map(
    (heading) => ({ heading, figures: true }) as const,
  );
  return table("Backfills, newest first", ["Backfill", "Pipeline", "State", "Days", ...figures], rows);
}

/** All backfills, or one with the states of its times. */
export const backfillPage: BuiltPage<Request> = page<Request, Data>({
  title: ({ backfill }) => (backfill === undefined ? "Backfills" : `Backfill ${backfill}`),
  read: async ({ engine }, { backfill }) =>
    backfill === undefined
      ? { all: await readBackfills(engine) }
      : { one: await readBackfill(engine, backfill) },
  show: (data, _request, host) => ("one" in data ? showOne(data.one, host) : showAll(data.all, host)),
  command: ({ backfill }) => (backfill === undefined ? ["backfill", "list"] : ["backfill", "show", backfill]),
});
