import * as z from "zod";
import { type ChangedLimit, changedLimit } from "../operate/queue-view.ts";
import { type ChangedRuns, changedRuns } from "../operate/run-answer.ts";
import { type AliasMove, aliasMove } from "../ports/model-registry.ts";
import type { Host } from "./host/host.ts";
import { type Content, type Html, html } from "./html.ts";
import type { PageTarget } from "./page-request.ts";
import { table } from "./parts/table.ts";

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

/** What a change to several runs, to a limit or to a model did, in words; undefined for any other change. */
export function outcomeOf(answer: unknown, host: Host): Content {
  const runs = changedRuns.safeParse(answer).data;
  if (runs !== undefined) return runsOutcome(runs, host);
  const limit = changedLimit.safeParse(answer).data;
  if (limit !== undefined) return html`<p>${limitText(limit)}</p>`;
  const move = aliasMove.safeParse(answer).data;
  return move && html`<p>${moveText(move)}</p>`;
}

const withAction = z.looseObject({ action: z.string() });
const ofModel = z.looseObject({ name: z.string() });

/** The pages, with their names in words, that show what a change was about. */
function pagesOf(request: unknown): readonly (readonly [to: PageTarget, text: string])[] {
  const action = withAction.safeParse(request).data?.action;
  if (action === "approve") return [[{ page: "approvals" }, "Look at what waits"]];
  if (action === "limit") return [[{ page: "queues" }, "Look at the queues"]];
  const name = action?.startsWith("model-") === true ? ofModel.safeParse(request).data?.name : undefined;
  return name === undefined ? [] : [[{ page: "models", name }, `Look at model ${name}`]];
}

/** The ways on from a change to pages of limits, models and approvals. */
export function waysToSubjects(host: Host, request: unknown): Html[] {
  return pagesOf(request).map(([to, text]) => html`<p>${host.link(to, text)}</p>`);
}
