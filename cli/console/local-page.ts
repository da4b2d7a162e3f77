import { changePath, loopbackHost } from "../../shared/console/host/loopback-host.ts";
import { type Content, html, render } from "../../shared/console/html.ts";
import { facts } from "../../shared/console/parts/facts.ts";
import { layout } from "../../shared/console/parts/layout.ts";
import { errorPanel } from "../../shared/console/parts/panel.ts";
import { isShown } from "../../shared/console/shown-pages.ts";
import type { ShownError } from "../../shared/pipeline/millrace-error.ts";
import type { Reply } from "./reply.ts";

/** What the parameters of an address say about how pages look. */
export type Look = { readonly tz?: string; readonly theme?: "light" | "dark" };

/** What all pages of one server have in common. */
type Place = { readonly stage: string; readonly token: string; readonly look: Look };

function pageOf({ stage, token, look }: Place, status: number, title: string, body: Content): Reply {
  const theme = look.theme ?? "light";
  const host = loopbackHost({
    ...{ stage, token, theme, zone: "UTC", now: Date.now(), shows: isShown },
    kept: { ...look },
  });
  return { status, title, theme, html: render(layout(host, { title, body })) };
}

/** A page that says why another one can't be shown. */
export function failurePage(place: Place, status: number, title: string, error: ShownError): Reply {
  return pageOf(place, status, title, errorPanel(error));
}

/** The page between a button and its change. It shows what was typed, repeats the form, and adds that the person has confirmed. */
export function confirmPage(place: Place, confirm: string, form: URLSearchParams): Reply {
  const fields = [...form].filter(([name]) => name !== "confirmed");
  const inputs = [...fields, ["confirmed", "yes"] as const].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const typed = fields.filter(([name, text]) => name.startsWith("field.") && text !== "");
  const given = facts(typed.map(([name, text]) => [name.slice("field.".length), text]));
  const body = html`<p>${confirm}</p>${typed.length > 0 && given}<form class="mr-form" method="post" action="${changePath}">${inputs}<button class="mr-button">Yes, do it</button></form><p>To leave everything as it is, go back.</p>`;
  return pageOf(place, 200, "Are you sure?", body);
}
