import { partsOfLog } from "../../../ports/log-reader.ts";
import type { FunctionAttemptView } from "../../../run/function-view.ts";
import type { AttemptView } from "../../../run/job-view.ts";
import type { JobTry } from "../../../state/step-record.ts";
import { type Colour, stateLook } from "../../../wording/state-looks.ts";
import { durationText } from "../../../wording/units.ts";
import type { Host } from "../../host/host.ts";
import { type Content, type Html, html } from "../../html.ts";
import { outsideLink } from "../../parts/outside-link.ts";
import { stepBadge } from "../../parts/state-badge.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";
import type { StepPageData } from "../../read/read-step.ts";

/** One try of an attempt, with the time that it waited for its machine. Times are epoch milliseconds. */
type Row = {
  readonly attempt: AttemptView;
  /** Its number among Batch's own tries of the attempt, if there are several. */
  readonly number: number;
  readonly isLast: boolean;
  readonly try: JobTry;
  readonly waitedFrom?: number;
};

/**
 * The tries of all attempts, in order. The record has the time when the latest attempt began to wait. An earlier one
 * has waited at most since the end of the try before it.
 */
function rowsOf(jobs: readonly AttemptView[], startedAt: string | undefined): Row[] {
  let before: number | undefined;
  return jobs.flatMap((attempt, place) =>
    attempt.tries.map((each, number): Row => {
      const isFirst = number === 0;
      const asked =
        place === jobs.length - 1 && isFirst && startedAt !== undefined ? Date.parse(startedAt) : before;
      before = each.endedAt;
      const waits = asked !== undefined && each.startedAt !== undefined && asked <= each.startedAt;
      return {
        ...{ attempt, number: number + 1, isLast: number === attempt.tries.length - 1, try: each },
        ...(waits && { waitedFrom: asked }),
      };
    }),
  );
}

function machineText({ vcpus, memory, gpus, queue, spot }: AttemptView): string {
  const size = [`${vcpus} vCPU`, `${memory} MiB`, ...(gpus === undefined ? [] : [`${gpus} GPU`])];
  return `${size.join(", ")} on ${queue}${spot ? " (Spot)" : ""}`;
}

const fills: Readonly<Record<Colour, string>> = {
  green: "mr-fill-green",
  red: "mr-fill-red",
  cyan: "mr-fill-cyan",
  yellow: "mr-fill-yellow",
  magenta: "mr-fill-magenta",
  gray: "mr-fill-gray",
};

/** A try on the axis of all tries: a thin line while it waited, a bar while it ran. */
function bar(row: Row, start: number, end: number, now: number): Content {
  const { startedAt, endedAt = now } = row.try;
  if (startedAt === undefined) return undefined;
  const scale = 1000 / Math.max(1, end - start);
  const at = (moment: number) => ((moment - start) * scale).toFixed(1);
  const length = (from: number, to: number) => Math.max(2, (to - from) * scale).toFixed(1);
  const { word, colour } = stateLook(row.attempt.state);
  const waited = row.waitedFrom;
  const finding = `${waited === undefined ? "" : `waited ${durationText(startedAt - waited)}, then `}ran ${durationText(endedAt - startedAt)}: ${row.isLast ? word : "tried again"}`;
  return html`<svg class="mr-bar" viewBox="0 0 1000 18" preserveAspectRatio="none" role="img" aria-label="${finding}"><title>${finding}</title>${
    waited !== undefined &&
    html`<rect class="mr-fill-gray" x="${at(waited)}" y="8" width="${length(waited, startedAt)}" height="2"></rect>`
  }<rect class="${row.isLast ? fills[colour] : "mr-fill-yellow"}" x="${at(startedAt)}" y="2" width="${length(startedAt, endedAt)}" height="14"></rect></svg>`;
}

/** The place of a log in AWS's own console. Slashes are escaped twice there, with `$` for `%`. */
function logAddress(log: string, region: string): string {
  const { group, stream } = partsOfLog(log);
  const part = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll("%", "$");
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${part(group)}/log-events/${part(stream)}`;
}

/** Where a log is, as a link to AWS's console if the stage is on AWS. */
export function logPlace(log: string | undefined, region: string | undefined): Content {
  if (log === undefined) return undefined;
  return region === undefined ? html`<code>${log}</code>` : outsideLink(logAddress(log, region), "log");
}

function drawRow(row: Row, start: number, end: number, region: string | undefined, host: Host): Content[] {
  const { attempt, number, isLast, waitedFrom } = row;
  const { startedAt, endedAt, reason, log } = row.try;
  const name = `${attempt.epoch}.${attempt.attempt}${attempt.tries.length > 1 ? ` try ${number}` : ""}`;
  const words = [isLast ? attempt.reason : undefined, reason].filter((text) => text !== undefined);
  return [
    name,
    isLast ? stepBadge(attempt.state) : "tried again by Batch",
    bar(row, start, end, host.now),
    waitedFrom === undefined || startedAt === undefined ? "" : durationText(startedAt - waitedFrom),
    startedAt === undefined ? "" : time(startedAt, host),
    startedAt === undefined ? "" : durationText(Math.max(0, (endedAt ?? host.now) - startedAt)),
    machineText(attempt),
    [
      [...new Set(words)].map((text) => html`<div>${text}</div>`),
      attempt.image !== undefined && html`<div>image <code>${attempt.image}</code></div>`,
      log !== undefined && html`<div>${logPlace(log, region)}</div>`,
    ],
  ];
}

/** The attempts of jobs: a row a try, with its time in the queue apart from the time that it ran. */
function jobAttempts(
  jobs: readonly AttemptView[],
  startedAt: string | undefined,
  region: string | undefined,
  host: Host,
): Html {
  const rows = rowsOf(jobs, startedAt);
  const moments = rows.flatMap((row) => [row.waitedFrom, row.try.startedAt, row.try.endedAt ?? host.now]);
  const known = moments.filter((moment) => moment !== undefined);
  const start = Math.min(...known);
  const end = Math.max(...known);
  const columns = [
    "Attempt",
    "State",
    "When",
    { heading: "Queued", figures: true },
    "Began",
    { heading: "Ran", figures: true },
    "Machine",
    "How it ended",
  ] as const;
  return html`<h2>Attempts</h2>${table(
    "Attempts of the step, a row each try",
    columns,
    rows.map((row) => drawRow(row, start, end, region, host)),
  )}`;
}

/** The attempts of a function, from the first that is kept. The one that is under way is not among them. */
function functionAttempts(attempts: readonly FunctionAttemptView[], host: Host): Html {
  const start = Math.min(...attempts.map(({ startedAt }) => Date.parse(startedAt)));
  const end = Math.max(...attempts.map(({ endedAt }) => Date.parse(endedAt)));
  const scale = 1000 / Math.max(1, end - start);
  const columns = ["Attempt", "State", "When", "Began", { heading: "Ran", figures: true }, "Error"] as const;
  const rows = attempts.map(({ epoch, attempt, startedAt, milliseconds, error, state }) => {
    const { word, colour } = stateLook(state);
    const finding = `${word} after ${durationText(milliseconds)}`;
    const from = ((Date.parse(startedAt) - start) * scale).toFixed(1);
    const length = Math.max(2, milliseconds * scale).toFixed(1);
    return [
      `${epoch}.${attempt}`,
      stepBadge(state),
      html`<svg class="mr-bar" viewBox="0 0 1000 18" preserveAspectRatio="none" role="img" aria-label="${finding}"><title>${finding}</title><rect class="${fills[colour]}" x="${from}" y="2" width="${length}" height="14"></rect></svg>`,
      time(startedAt, host),
      durationText(milliseconds),
      error === undefined ? "" : `${error.name}${error.code === undefined ? "" : ` (${error.code})`}`,
    ];
  });
  return html`<h2>Attempts</h2>${table("Attempts of the function", columns, rows)}`;
}

/** The attempts of a step. */
export function attemptsPart(
  { step, isMap, record }: StepPageData,
  region: string | undefined,
  host: Host,
): Content {
  if (isMap || record === undefined) return undefined;
  const { jobs = [], functionAttempts: earlier = [], startedAt } = step;
  if (jobs.length > 0) return jobAttempts(jobs, startedAt, region, host);
  if (earlier.length > 0) return functionAttempts(earlier, host);
  const { losses = {} } = record;
  const lost = Object.entries(losses).map(([cause, count]) => `${count} lost to ${cause}`);
  const before = [...(record.failures > 0 ? [`${record.failures} failed`] : []), ...lost];
  return html`<h2>Attempts</h2>${table(
    "The last attempt of the step",
    ["Attempt", "State", "Began", { heading: "Took", figures: true }, "Before"],
    [
      [
        `${record.epoch}.${record.attempt}`,
        stepBadge(record.state),
        time(record.startedAt, host),
        step.milliseconds === undefined ? "" : durationText(step.milliseconds),
        before.join(", "),
      ],
    ],
  )}`;
}
