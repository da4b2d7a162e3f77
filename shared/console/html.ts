import { html as escaped } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { visibleText } from "./visible-text.ts";

/** HTML that is safe to put into a page. Only `html`, and `raw` in a few files, make it. */
export type Html = HtmlEscapedString;

/** What a template may contain. Text is escaped; nothing is shown for `undefined` and `false`. */
export type Content = Html | string | number | false | undefined | readonly Content[];

function isHtml(value: unknown): value is Html {
  return value instanceof String && "isEscaped" in value && value.isEscaped === true;
}

/** Text with its control characters made visible. Everything else is left to the template, which escapes text. */
function prepared(value: unknown): unknown {
  if (typeof value === "string") return visibleText(value);
  if (Array.isArray(value)) return value.map(prepared);
  if (isHtml(value) || typeof value === "number" || value === undefined || value === false) return value;
  throw new TypeError(`a template can't contain ${Object.prototype.toString.call(value)}`);
}

/**
 * A template of HTML. Values are escaped, so attributes must be in double quotes.
 *
 * @throws TypeError for anything but {@link Content}, such as a Promise: pages read first, and are drawn afterwards
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return checked(escaped(strings, ...values.map(prepared)));
}

function checked(made: unknown): Html {
  if (isHtml(made)) return made;
  throw new TypeError("a template was not ready at once; pages are synchronous");
}

/** A page as text. @throws TypeError for anything that isn't finished HTML, such as a Promise */
export function render(page: Html): string {
  return checked(page).toString();
}
