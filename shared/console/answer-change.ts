import { manage } from "../operate/manage.ts";
import { RequestError } from "../platform/parse-request.ts";
import type { Engine } from "../ports/engine.ts";
import { isEnded } from "../state/run.ts";
import { changeOutcome, ofRun, withState } from "./change-outcome.ts";
import { describeChanges } from "./describe.ts";
import { asksForDescription, fieldsOf, hostOf, readEvent } from "./event.ts";
import { type ConsoleAnswer, errorPage, finishPage } from "./finish-page.ts";
import { withFields } from "./form-values.ts";
import type { Host } from "./host/host.ts";
import type { Endpoints } from "./host/widget-host.ts";
import { type Content, html } from "./html.ts";
import { notice } from "./parts/panel.ts";
import { time } from "./parts/time.ts";
import { waysOn } from "./ways-on.ts";

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
      : changeOutcome(answer, host);
    return finishPage(host, {
      title: came ? "Nothing to cancel" : "Done",
      body: [notice(body), waysOn(host, request, answer)],
    });
  } catch (error) {
    const ended = await endOf(engine, request, host).catch(() => undefined);
    const more = [ended, waysOn(host, request)];
    return errorPage(engine, host, error, { title: "Nothing was changed", requestId, more });
  }
}
