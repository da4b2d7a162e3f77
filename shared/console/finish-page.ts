import { MillraceError, shownError } from "../pipeline/millrace-error.ts";
import type { Engine } from "../ports/engine.ts";
import type { Host } from "./host/host.ts";
import { type Content, html, render } from "./html.ts";
import { layout, type PageContent } from "./parts/layout.ts";
import { errorPanel } from "./parts/panel.ts";

/** What a console's function answers: HTML for a widget; for `millrace console` also the title. */
export type ConsoleAnswer = string | { readonly title: string; readonly html: string };

/** Bytes that an answer may have. Lambda takes 6 MB, and the answer is a part of it. */
export const maxAnswerBytes = 5_900_000;

function answerOf(host: Host, page: PageContent): ConsoleAnswer {
  const text = render(layout(host, page));
  return host.kind === "widget" ? text : { title: page.title, html: text };
}

const bytesOf = (answer: ConsoleAnswer) => Buffer.byteLength(JSON.stringify(answer));

/** A page as an answer. If it is too large for Lambda, the answer says so instead, and keeps the way to other pages. */
export function finishPage(host: Host, page: PageContent): ConsoleAnswer {
  const answer = answerOf(host, page);
  const bytes = bytesOf(answer);
  if (bytes <= maxAnswerBytes) return answer;
  const megabytes = (bytes / 1_000_000).toFixed(1);
  const body = errorPanel({
    name: "PageTooLarge",
    message: `this page has ${megabytes} MB, and a function can answer 6 MB; its content is left out`,
    remedy: "Choose a tab or a filter that shows less, or use the command line.",
  });
  return answerOf(host, { ...page, body, foot: undefined });
}

/** A page that says why there is no other, for any error. Errors of other code are logged. */
export function errorPage(
  { log }: Pick<Engine, "log">,
  host: Host,
  error: unknown,
  { title, requestId, more }: { readonly title: string; readonly requestId: string; readonly more?: Content },
): ConsoleAnswer {
  const known = error instanceof MillraceError;
  if (!known) log.error("a page could not be shown", { error, requestId });
  const shown = shownError(error);
  const remedy = known
    ? shown.remedy
    : "Refresh. If it stays, the function's log has the rest under the request id.";
  const body = errorPanel({ ...shown, remedy }, [more, html`<p>Request id: <code>${requestId}</code></p>`]);
  return finishPage(host, { title, body });
}
