import { backfillIntervals, maxConcurrency, usualConcurrency } from "../../backfill/backfill-times.ts";
import type { BackfillPreview } from "../../backfill/backfill-view.ts";
import type { BackfillRequest } from "../../backfill/plan-backfill.ts";
import { shownError } from "../../pipeline/millrace-error.ts";
import { countText } from "../../wording/units.ts";
import type { Field, Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { facts } from "../parts/facts.ts";
import { errorPanel } from "../parts/panel.ts";
import { time } from "../parts/time.ts";
import { type BackfillPlanData, readBackfillPlan } from "../read/read-backfill-plan.ts";

type Request = RequestOf<"backfill-plan">;

/** What happens to a time, in the order of interest. */
const effects: Readonly<Record<keyof NonNullable<BackfillPreview["counts"]>, string>> = {
  start: "get a new run",
  again: "failed, and are retried",
  open: "are running or wait their turn",
  skipped: "succeeded before, and are skipped",
  failed: "failed, and are left as they are",
};

function effectsOf({ counts }: BackfillPreview): Content {
  if (counts === undefined)
    return "Too many times to look up which of them have succeeded; those are skipped.";
  return Object.entries(effects)
    .map(([name, words]) => [counts[name as keyof typeof effects], words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => html`<div>${count} ${words}</div>`);
}

/** What the same backfill is now, if it was asked for before. */
function standing({ state }: BackfillPreview): string {
  if (state === undefined) return "it is new";
  return state === "RUNNING" ? "it is running, and goes on" : `it was asked for before, and is ${state}`;
}

/** The backfill, as a link once it exists. */
function nameOf({ backfill, state }: BackfillPreview, host: Host): Content {
  return state === undefined ? backfill : host.link({ page: "backfill", backfill }, backfill);
}

function timeList({ first, last, total }: BackfillPreview, host: Host): Content {
  const each = (at: string) => html`<div>${time(at, host)}</div>`;
  return [first.map(each), first.length + last.length < total && html`<div>…</div>`, last.map(each)];
}

function previewOf(preview: BackfillPreview, request: BackfillRequest, host: Host): Content {
  const { pipeline, total, rule, from, to, concurrency, counts } = preview;
  const again = counts === undefined ? "" : `: ${counts.start} new, ${counts.again} retried`;
  return [
    facts([
      ["Times", `${total}, ${rule}`],
      ["From", time(from, host)],
      ["To, exclusive", time(to, host)],
      ["Which", timeList(preview, host)],
      ["What happens", effectsOf(preview)],
      ["At once", concurrency],
      ["Backfill", html`${nameOf(preview, host)}: ${standing(preview)}`],
    ]),
    html`<div class="mr-actions">${host.action(
      { action: "backfill", ...request },
      `Start it for ${countText(total, "time")}`,
      `Start backfill ${preview.backfill} of ${pipeline} for ${countText(total, "time")}${again}? It is ${rule}, from ${from} to before ${to}, with at most ${concurrency} runs at once.`,
    )}</div>`,
  ];
}

function fieldsOf({ schedules, fields }: BackfillPlanData, request: Request): Field[] {
  const { from, to, every, schedule, concurrency = usualConcurrency, retryFailed } = request;
  const choice = (name: string) => [name, name] as const;
  const bySchedule: Field = {
    name: "schedule",
    label: "or the times and parameters of a schedule",
    value: schedule ?? "",
    options: [["", "none"], ...schedules.map(choice)],
  };
  return [
    { name: "from", label: "From, a date such as 2021-04-01 or a time", value: from },
    { name: "to", label: "To, exclusive", value: to },
    {
      name: "every",
      label: "A run every",
      value: every ?? (schedule === undefined ? "day" : ""),
      options: [...backfillIntervals.map(choice), ["", "time of the schedule"]],
    },
    ...(schedules.length > 0 ? [bySchedule] : []),
    { name: "concurrency", label: `Runs at once, up to ${maxConcurrency}`, value: String(concurrency) },
    {
      name: "retryFailed",
      label: "Failed times",
      value: retryFailed === true ? "yes" : "no",
      options: [
        ["no", "are left as they are"],
        ["yes", "are retried"],
      ],
    },
    ...fields,
  ];
}

function planForm(data: BackfillPlanData, request: Request, host: Host): Html {
  return host.form({
    name: "backfill",
    fields: fieldsOf(data, request),
    submit: "Preview",
    to: { page: "backfill-plan", pipeline: request.pipeline },
  });
}

function show(data: BackfillPlanData, request: Request, host: Host): Content {
  const { asked } = data;
  const { pipeline } = request;
  return [
    html`<p>Runs ${host.link({ page: "pipeline", pipeline }, pipeline)} once for each time between two dates. Nothing starts before you have seen a preview and confirmed it.</p>`,
    asked !== undefined && html`<h2>Preview</h2>`,
    asked !== undefined &&
      (asked.preview.read
        ? previewOf(asked.preview.value, asked.request, host)
        : errorPanel(shownError(asked.preview.error))),
    html`<h2>Range and parameters</h2>`,
    html`<p>An empty field of a parameter takes what the definition says. Runs with parameters of their own are other runs than those of a schedule.</p>`,
    planForm(data, request, host),
  ];
}

/** A form for a backfill, a preview of what it would do, and the button that starts it. */
export const backfillPlanPage: BuiltPage<Request> = page<Request, BackfillPlanData>({
  title: ({ pipeline }) => `Backfill of ${pipeline}`,
  read: readBackfillPlan,
  show,
});
