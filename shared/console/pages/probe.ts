import { html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { table } from "../parts/table.ts";

/** What a widget may remove, each drawn so that somebody can see whether it is still there. */
const samples = [
  ["style sheet", html`<span class="mr-badge mr-green">green, with a border</span>`],
  [
    "inline SVG",
    html`<svg class="mr-bar" viewBox="0 0 100 18" role="img" aria-label="a bar"><rect class="mr-fill-green" x="0" y="2" width="60" height="14"></rect></svg>`,
  ],
  ["details", html`<details><summary>open this</summary>it opens</details>`],
  [
    "time",
    html`<time datetime="2021-10-04T16:21:00Z" title="the title">hover over this: it has a title</time>`,
  ],
  [
    "label",
    html`<label for="mr-probe">click this: the field gets the focus</label> <input id="mr-probe" name="probe">`,
  ],
  ["script", html`<span>no script is ever sent</span>`],
] as const;

/** Shows which elements of a page are left where it is shown. Only an AWS account can tell what CloudWatch removes. */
export const probePage = page<RequestOf<"probe">, undefined>({
  title: () => "What this place shows",
  read: async () => undefined,
  show: () => table("Each kind of element and what is left of it", ["Element", "What to see"], samples),
});
