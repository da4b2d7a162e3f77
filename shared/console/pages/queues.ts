import type { LimitView, QueueView } from "../../operate/queue-view.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { notice } from "../parts/panel.ts";
import { runLinks } from "../parts/run-links.ts";
import { table } from "../parts/table.ts";
import { ago } from "../parts/time.ts";
import { limitButtons } from "../queue-actions.ts";
import { type QueuesPageData, readQueues } from "../read/read-queues.ts";

type Request = RequestOf<"queues">;

/** Holders that are links; the rest is counted. */
const maxHolders = 20;
/** Queues in the list of all. */
const maxQueues = 90;

/** How many slots of a limit are held, in a few words. */
function heldText(limit: LimitView): string {
  const { slots, holders } = limit;
  if (slots === 0) return `paused by hand, ${holders.length} held`;
  return slots === null ? `${holders.length} held, no limit` : `${holders.length} of ${slotsText(limit)}`;
}

/** How many slots a limit has, and who decided that. */
function slotsText({ slots, setByHand }: LimitView): string {
  if (slots === 0) return "paused by hand: none begins";
  return `${slots ?? "no limit"}${setByHand ? ", set by hand" : ""}`;
}

const isPaused = ({ limits }: QueueView) => limits.some(({ slots }) => slots === 0);

/** A queue in a word: paused, full, or free. */
function stateOf({ limits, waiting }: QueueView): string {
  if (limits.some(({ slots }) => slots === 0)) return "‖ paused";
  const isFull = limits.some(({ slots, holders }) => slots !== null && holders.length >= slots);
  if (isFull) return waiting.length > 0 ? "○ full, runs wait" : "○ full";
  return "✓ has slots";
}

function limits({ limits: all }: QueueView, host: Host): Content {
  if (all.length === 0)
    return html`<p>This queue has no limit: its runs begin at once. <code>maxActiveRuns</code> or <code>queue</code> of a pipeline sets one.</p>`;
  const rows = all.map((limit) => [
    limit.limit,
    slotsText(limit),
    String(limit.holders.length),
    runLinks(limit.holders, maxHolders, host),
  ]);
  return [
    table(
      "Limits and who holds their slots",
      ["Limit", "Slots", { heading: "Held", figures: true }, "Held by"],
      rows,
    ),
    all.map((limit, place) => html`<div class="mr-actions">${limitButtons(limit, place, host)}</div>`),
  ];
}

/** Why a run has not begun. */
function whyText(waitsFor: readonly string[], { limits: all }: QueueView): string {
  if (waitsFor.length === 0) return "there is a slot for it: it is about to begin";
  return waitsFor
    .map((name) => {
      const limit = all.find((each) => each.limit === name);
      if (limit?.slots === 0) return `${name} is paused`;
      return limit === undefined ? name : `${name}: ${limit.holders.length} of ${limit.slots} slots are held`;
    })
    .join("; ");
}

function waiting(view: QueueView, host: Host): Content {
  if (view.waiting.length === 0) return html`<p>Nobody waits.</p>`;
  const rows = view.waiting.map(({ runId, pipeline, priority, startedAt, waitsFor }, place) => [
    String(place + 1),
    host.link({ page: "run", runId }, runId),
    pipeline,
    String(priority),
    ago(startedAt, host),
    whyText(waitsFor, view),
  ]);
  const columns = [
    { heading: "Place", figures: true },
    "Run",
    "Pipeline",
    { heading: "Priority", figures: true },
    "Asked for",
    "Waits for",
  ] as const;
  return [
    table("Runs that wait, in the order in which they begin", columns, rows),
    view.more && html`<p>More runs wait; the first ${view.waiting.length} are shown.</p>`,
    html`<p class="mr-quiet">A smaller priority goes first, and of the same priority who asked first. A run whose limits have slots may pass runs that wait for another limit.</p>`,
  ];
}

function one(view: QueueView, host: Host): Content {
  return [
    isPaused(view) && notice(html`<p>A limit of this queue is paused, so its runs don't begin.</p>`),
    html`<p>${stateOf(view)}. Pipelines: ${view.pipelines.join(", ") || "none is deployed any more"}.</p>`,
    html`<h2>Limits</h2>`,
    limits(view, host),
    html`<h2>Who waits</h2>`,
    waiting(view, host),
    html`<p>${host.link({ page: "queues" }, "All queues")}</p>`,
  ];
}

function all(views: readonly QueueView[], host: Host): Content {
  if (views.length === 0)
    return html`<p>No run waits, and no pipeline has a limit. <code>maxActiveRuns</code> or <code>queue</code> of a pipeline sets one.</p>`;
  const rows = views.slice(0, maxQueues).map((view) => {
    const [first] = view.waiting;
    return [
      host.link({ page: "queues", queue: view.queue }, view.queue),
      stateOf(view),
      view.limits.map((limit) => html`<div>${limit.limit}: ${heldText(limit)}</div>`),
      first === undefined
        ? "nobody waits"
        : html`${host.link({ page: "run", runId: first.runId }, first.runId)}${view.more && " and others"}`,
      view.pipelines.join(", "),
    ];
  });
  return [
    table("Work queues", ["Queue", "State", "Slots held", "Next to begin", "Pipelines"], rows),
    views.length > maxQueues && html`<p>${views.length - maxQueues} more queues are not shown.</p>`,
  ];
}

/** Work queues: their limits, who holds slots, who waits in which order and why; pause, resume, and change limits. */
export const queuesPage = page<Request, QueuesPageData>({
  title: ({ queue }) => (queue === undefined ? "Queues" : `Queue ${queue}`),
  read: ({ engine }, request) => readQueues(engine, request),
  show: (data, _, host) => ("one" in data ? one(data.one, host) : all(data.all, host)),
  command: ({ queue }) => ["queues", ...(queue === undefined ? [] : [queue])],
});
