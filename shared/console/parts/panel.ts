import { isErrorCode, kindOf, type ShownError, shownError } from "../../pipeline/millrace-error.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Section } from "../sources.ts";

/** What is wrong, its code, and what to do about it. */
export function errorPanel({ name, message, code, remedy }: ShownError, more?: Content): Html {
  const known = code !== undefined && isErrorCode(code) ? kindOf(code).remedy : undefined;
  const advice = remedy ?? known;
  return html`<div class="mr-panel mr-red" role="alert"><p><strong>${code ?? name}</strong>: ${message}</p>${
    advice !== undefined && html`<p>What to do: ${advice}</p>`
  }${more}</div>`;
}

/** A remark above a page: what a button did, or what a page leaves out. */
export function notice(content: Content): Html {
  return html`<div class="mr-panel mr-cyan" role="status">${content}</div>`;
}

/** A part of a page, or a panel that says that this part could not be read. The rest of the page stays. */
export function sectionOr<T>(name: string, part: Section<T>, show: (value: T) => Content): Content {
  if (part.read) return show(part.value);
  const { message, name: kind } = shownError(part.error);
  return html`<div class="mr-panel mr-yellow" role="alert"><p><strong>${name} could not be read.</strong> ${kind}: ${message}</p><p>The rest of the page is shown. Refresh to try again.</p></div>`;
}
