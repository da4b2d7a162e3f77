import * as z from "zod";
import { type ChangedLimit, changedLimit } from "../operate/queue-view.ts";
import { type ChangedRuns, changedRuns } from "../operate/run-answer.ts";
import { type AliasMove, aliasMove } from "../ports/model-registry.ts";
import type { Host } from "./host/host.ts";
import { type Content, html } from "./html.ts";
import { dataValue } from "./parts/data-value.ts";
import { table } from "./parts/table.ts";
import { time } from "./parts/time.ts";

/** The run that a change or its answer is about. */
export const ofRun = z.looseObject({ runId: z.string() });
export const withState = z.looseObject({ runId: z.string(), state: z.string() });
const withTags = z.looseObject({ runId: z.string(), tags: z.array(z.string()) });
const startedBefore = z.looseObject({
  runId: z.string(),
  created: z.literal(false),
  differs: z.array(z.string()).default([]),
});
const ofSchedule = z.looseObject({
  pipeline: z.string(),
  name: z.string(),
  active: z.boolean(),
  nextAt: z.string().optional(),
});
export const ofBackfill = z.looseObject({ backfill: z.string() });
const withProgress = ofBackfill.extend({ state: z.string(), total: z.number(), left: z.number() });
export const ofPipeline = z.looseObject({ pipeline: z.string() });
const jsonText = z.json().catch(null);

const holding = (count: number) => (count === 1 ? "1 run holds a slot" : `${count} runs hold a slot`);

function limitText({ limit, slots, held }: ChangedLimit): string {
  if (slots === 0)
    return `${limit} is paused: no run begins. ${holding(held)} and ${held === 1 ? "goes" : "go"} on.`;
  const set = slots === null ? "is as the definitions say again" : `has ${slots} slots now`;
  return `${limit} ${set}. ${holding(held)}.`;
}

function moveText({ alias, name, from, to }: AliasMove): string {
  const before = from === null ? "it was none before" : `it was version ${from}`;
  return `${alias} of ${name} is version ${to} now; ${before}.`;
}

/** What happened to each of several runs. */
function runsOutcome({ runs }: ChangedRuns, host: Host): Content {
  const rows = runs.map(({ runId, changed, state, error }) => [
    host.link({ page: "run", runId }, runId),
    changed ? "✓ done" : "✗ nothing was changed",
    error === undefined
      ? `it is ${state ?? "unknown"}`
      : `${error.code ?? error.name}: ${error.message}${error.remedy === undefined ? "" : ` What to do: ${error.remedy}`}`,
  ]);
  const count = runs.filter(({ changed }) => changed).length;
  return [
    html`<p>${count} of ${runs.length} runs were changed.</p>`,
    table("What happened to each run", ["Run", "Result", "Now"], rows),
  ];
}

/** What a change to something other than a run did, in words. */
function otherOutcome(answer: unknown, host: Host): Content {
  const backfill = withProgress.safeParse(answer).data;
  if (backfill !== undefined)
    return `Backfill ${backfill.backfill} is now ${backfill.state}: ${backfill.left} of its ${backfill.total} times are left.`;
  const schedule = ofSchedule.safeParse(answer).data;
  if (schedule === undefined) return dataValue(jsonText.parse(answer));
  const { pipeline, name, active, nextAt } = schedule;
  return [
    `Schedule ${name} of ${pipeline} is now ${active ? "on" : "off"}.`,
    nextAt !== undefined && html` Its next run is for ${time(nextAt, host)}.`,
  ];
}

/** What a change to one run, a backfill or a schedule did, in words. */
function singleOutcome(answer: unknown, host: Host): Content {
  const state = withState.safeParse(answer).data;
  if (state !== undefined) return `Run ${state.runId} is now ${state.state}.`;
  const tags = withTags.safeParse(answer).data;
  if (tags !== undefined)
    return `Run ${tags.runId} now has ${tags.tags.length === 0 ? "no tags" : `the tags ${tags.tags.join(" ")}`}.`;
  const before = startedBefore.safeParse(answer).data;
  if (before !== undefined)
    return `Nothing was started: this page's button has started run ${[before.runId, ...before.differs].join("; ")}.`;
  const run = ofRun.safeParse(answer).data;
  if (run !== undefined) return `Run ${run.runId} has been started.`;
  return otherOutcome(answer, host);
}

/** What a change did, in words. */
export function changeOutcome(answer: unknown, host: Host): Content {
  const runs = changedRuns.safeParse(answer).data;
  if (runs !== undefined) return runsOutcome(runs, host);
  const limit = changedLimit.safeParse(answer).data;
  if (limit !== undefined) return html`<p>${limitText(limit)}</p>`;
  const move = aliasMove.safeParse(answer).data;
  if (move !== undefined) return html`<p>${moveText(move)}</p>`;
  return html`<p>${singleOutcome(answer, host)}</p>`;
}
