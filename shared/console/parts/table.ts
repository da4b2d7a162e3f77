import { type Content, type Html, html } from "../html.ts";

/** A column: its heading, whether its cells are figures, and how its rows are sorted by it. */
export type Column =
  | string
  | {
      readonly heading: Content;
      readonly figures: boolean;
      readonly sorted?: "ascending" | "descending" | undefined;
    };

function head(column: Column): Html {
  if (typeof column === "string") return html`<th scope="col">${column}</th>`;
  const { heading, figures, sorted } = column;
  if (sorted !== undefined)
    return html`<th scope="col" class="${figures ? "mr-number" : "mr-words"}" aria-sort="${sorted}">${heading} ${sorted === "ascending" ? "▲" : "▼"}</th>`;
  return figures
    ? html`<th scope="col" class="mr-number">${heading}</th>`
    : html`<th scope="col">${heading}</th>`;
}

const isFigures = (column: Column | undefined) => typeof column === "object" && column.figures;

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
  const heads = columns.map(head);
  const cell = (content: Content, place: number) =>
    isFigures(columns[place]) ? html`<td class="mr-number">${content}</td>` : html`<td>${content}</td>`;
  return html`<div class="mr-scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption class="mr-hidden">${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map(cell)}</tr>`,
  )}</tbody></table></div>`;
}
