import * as z from "zod";
import { ofBackfill, ofPipeline, ofRun } from "./change-outcome.ts";
import type { Host } from "./host/host.ts";
import { type Content, html } from "./html.ts";
import type { PageTarget } from "./page-request.ts";

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

/** The way back: to the run, the backfill or the pipeline that a change was about, else to the list of runs. */
function wayBack(host: Host, about: unknown): Content {
  const runId = ofRun.safeParse(about).data?.runId;
  if (runId !== undefined) return html`<p>${host.link({ page: "run", runId }, `Look at run ${runId}`)}</p>`;
  const backfill = ofBackfill.safeParse(about).data?.backfill;
  if (backfill !== undefined)
    return html`<p>${host.link({ page: "backfill", backfill }, `Look at backfill ${backfill}`)}</p>`;
  const pipeline = ofPipeline.safeParse(about).data?.pipeline;
  if (pipeline !== undefined)
    return html`<p>${host.link({ page: "pipeline", pipeline }, `Look at pipeline ${pipeline}`)} ${host.link({ page: "schedules" }, "Look at the schedules")}</p>`;
  return html`<p>${host.link({ page: "runs" }, "Look at the runs")}</p>`;
}

/**
 * The ways on from a change: to the pages of limits, models and approvals, and back to what it was about.
 *
 * @param about the answer; without one, the request
 */
export function waysOn(host: Host, request: unknown, about: unknown = request): Content {
  const subjects = pagesOf(request).map(([to, text]) => html`<p>${host.link(to, text)}</p>`);
  return [...subjects, wayBack(host, about)];
}
