import type { Host } from "../host/host.ts";
import { type Html, html } from "../html.ts";
import type { PageTarget } from "../page-request.ts";

/** Tabs as links, so that an address keeps the tab, and only the tab that is open is read. */
export function tabs(
  host: Host,
  label: string,
  all: readonly (readonly [to: PageTarget, text: string, current: boolean])[],
): Html {
  const items = all.map(([to, text, current]) => html`<li>${host.link(to, text, { current })}</li>`);
  return html`<nav class="mr-tabs" aria-label="${label}"><ul>${items}</ul></nav>`;
}
