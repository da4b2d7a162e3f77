import * as z from "zod";
import { manage } from "../operate/manage.ts";
import { RequestError } from "../platform/parse-request.ts";
import type { Engine } from "../ports/engine.ts";
import { isEnded } from "../state/run.ts";
import { outcomeOf, waysToSubjects } from "./change-outcome.ts";
import { describeChanges } from "./describe.ts";
import { asksForDescription, fieldsOf, hostOf, readEvent } from "./event.ts";
import { type ConsoleAnswer, errorPage, finishPage } from "./finish-page.ts";
import { withFields } from "./form-values.ts";
import type { Host } from "./host/host.ts";
import type { Endpoints } from "./host/widget-host.ts";
import { type Content, html } from "./html.ts";
import { dataValue } from "./parts/data-value.ts";
import { notice } from "./parts/panel.ts";
import { time } from "./parts/time.ts";

/** The fields of changes and of their answers that say which run they are about. */
const ofRun = z.looseObject({ runId: z.string() });
const withState = z.looseObject({ runId: z.string(), state: z.string() });
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
const ofBackfill = z.looseObject({ backfill: z.string() });
const withProgress = ofBackfill.extend({ state: z.string(), total: z.number(), left: z.number() });
const ofPipeline = z.looseObject({ pipeline: z.string() });
const jsonText = z.json().catch(null);

/** The way back: to the run, the backfill or the pipeline that a change was about, else to the list of runs. */
function wayOn(host: Host, about: unknown): Content {
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

/** What a change to something else than a run did, in words. */
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

/** What a change did, in words. */
function outcome(answer: unknown, host: Host): Content {
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

/** If a page was stale, what has become of the run since. */
async function endOf({ store }: Engine, request: unknown, host: Host): Promise<Content> {
  const { data } = ofRun.safeParse(request);
  const run = data && (await store.getRun(data.runId));
  if (run === undefined || !isEnded(run)) return undefined;
  return html`<p>It has ended since: ${run.state} at ${time(run.endedAt, host)}.</p>`;
}

/**
 * Answers an invocation of the function `console-act`: makes a change, by the same schema as the function `manage`, and
 * says what happened. It never throws.
 */
export async function answerChange(
  engine: Engine,
  endpoints: Endpoints,
  given: unknown,
  requestId: string,
): Promise<ConsoleAnswer> {
  const event = readEvent(given);
  if (asksForDescription(event)) return describeChanges;
  const host = hostOf(event, engine, endpoints);
  const request = event.act && withFields(event.act, fieldsOf(event));
  const isCancel = event.act?.action === "cancel";
  try {
    if (request === undefined)
      throw new RequestError("act: is missing; it takes a request to the function manage");
    const answer = await manage(engine, request);
    const state = withState.safeParse(answer).data?.state;
    const came = isCancel && state !== "CANCELLING" && state !== "CANCELLED";
    const body = came
      ? [html`<p>Nothing was changed.</p>`, await endOf(engine, request, host)]
      : (outcomeOf(answer, host) ?? html`<p>${outcome(answer, host)}</p>`);
    return finishPage(host, {
      title: came ? "Nothing to cancel" : "Done",
      body: [notice(body), waysToSubjects(host, request), wayOn(host, answer)],
    });
  } catch (error) {
    const ended = await endOf(engine, request, host).catch(() => undefined);
    const more = [ended, waysToSubjects(host, request), wayOn(host, request)];
    return errorPage(engine, host, error, { title: "Nothing was changed", requestId, more });
  }
}
