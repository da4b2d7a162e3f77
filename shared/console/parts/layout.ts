import { textFields } from "../address.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import type { PageName, PageRequest, PageTarget } from "../page-request.ts";
import { styleElement } from "./style.ts";
import { time } from "./time.ts";

/** The pages that the navigation names, with the pages that belong to them. */
const sections: readonly {
  readonly to: PageTarget;
  readonly text: string;
  readonly pages: readonly PageName[];
}[] = [
  { to: { page: "home" }, text: "Home", pages: ["home"] },
  { to: { page: "runs" }, text: "Runs", pages: ["runs", "chosen", "run", "step", "map", "compare"] },
  { to: { page: "approvals" }, text: "Approvals", pages: ["approvals"] },
  { to: { page: "queues" }, text: "Queues", pages: ["queues"] },
  {
    to: { page: "schedules" },
    text: "Schedules",
    pages: ["schedules", "pipeline", "backfill", "backfill-plan"],
  },
  { to: { page: "models" }, text: "Models", pages: ["models"] },
];

/** A page's title, its content, and what is said at its end. */
export type PageContent = {
  readonly title: string;
  readonly body: Content;
  /** The page itself, to refresh it; missing for an answer to a change or an error. */
  readonly request?: PageRequest | undefined;
  readonly foot?: Content;
};

/** The theme's classes. */
const rootClasses: Readonly<Record<Host["theme"], string>> = { light: "mr mr-light", dark: "mr mr-dark" };

/** The root element of every page, with navigation where there are other pages. A widget's has the style sheet and remembers its place. */
export function layout(host: Host, { title, body, request, foot }: PageContent): Html {
  const links = sections
    .filter(({ to }) => host.shows(to.page))
    .map(({ to, text, pages }) => {
      const current = request !== undefined && pages.includes(request.page);
      return html`<li>${host.link(to, text, { current })}</li>`;
    });
  const place = request && JSON.stringify({ page: request.page, ...Object.fromEntries(textFields(request)) });
  return html`<div id="${host.id}" class="${rootClasses[host.theme]}" lang="en">${[
    host.kind === "widget" && styleElement,
    host.kind === "widget" && place !== undefined && html`<input type="hidden" name="at" value="${place}">`,
    host.kind !== "file" && html`<nav aria-label="Pages"><ul>${links}</ul></nav>`,
    html`<main><h1>${title}</h1>${body}</main>`,
    html`<footer class="mr-foot">${foot}<p>Stage ${host.stage}, ${time(host.now, host)} (${host.zone}) ${request && host.link(request, "Refresh")}</p></footer>`,
  ]}</div>`;
}
