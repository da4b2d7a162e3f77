import type { Json } from "../../pipeline/json.ts";
import { type Html, html } from "../html.ts";

/** Characters of a value that a page shows. */
const maxCharacters = 20_000;

/** A value as indented JSON, cut with a sentence if it is long. */
export function dataValue(value: Json): Html {
  const text = JSON.stringify(value, null, 2);
  if (text.length <= maxCharacters) return html`<pre>${text}</pre>`;
  return html`<pre>${text.slice(0, maxCharacters)}</pre><p>Cut after ${maxCharacters} of ${text.length} characters.</p>`;
}
