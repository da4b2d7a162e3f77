import { type Content, type Html, html } from "../html.ts";

/** A column: its heading, and whether its cells are figures. */
export type Column = string | { readonly heading: string; readonly figures: true };

/**
 * A table that scrolls sideways by itself, so that the page never does.
 *
 * @param caption what the table shows, for those who can't see it
 */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
): Html {
  const heads = columns.map((column) =>
    typeof column === "string"
      ? html`<th scope="col">${column}</th>`
      : html`<th scope="col" class="mr-number">${column.heading}</th>`,
  );
  const cell = (content: Content, place: number) =>
    typeof columns[place] === "object"
      ? html`<td class="mr-number">${content}</td>`
      : html`<td>${content}</td>`;
  return html`<div class="mr-scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption class="mr-hidden">${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map(cell)}</tr>`,
  )}</tbody></table></div>`;
}
