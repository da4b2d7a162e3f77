import { type Html, html } from "../html.ts";
import { rangesOf } from "../index-ranges.ts";

/** Indices of one kind, in order, and how their cells look: tall and low cells differ without their colour too. */
export type CellKind = {
  readonly fill: string;
  readonly height: number;
  readonly indices: readonly number[];
};

/** Cells in a row, and the drawing's units for one. */
const perRow = 200;
const cellWidth = 5;
const rowHeight = 12;

/** One path for all cells of a kind. Neighbours are one rectangle, so 10,000 cells are a few kilobytes. */
function pathOf({ indices, height }: CellKind): string {
  return rangesOf(indices)
    .flatMap(({ from, to }) => {
      const parts: string[] = [];
      for (let start = from; start <= to; start = (Math.floor(start / perRow) + 1) * perRow) {
        const row = Math.floor(start / perRow);
        const end = Math.min(to, (row + 1) * perRow - 1);
        const length = (end - start + 1) * cellWidth;
        parts.push(
          `M${(start % perRow) * cellWidth},${row * rowHeight + 11 - height}h${length}v${height}h-${length}z`,
        );
      }
      return parts;
    })
    .join("");
}

/** All children of a map as cells, 200 in a row. @param finding what the picture shows, in a sentence */
export function cells(total: number, kinds: readonly CellKind[], finding: string): Html {
  const height = Math.ceil(total / perRow) * rowHeight;
  const width = Math.min(total, perRow) * cellWidth;
  const paths = kinds
    .filter(({ indices }) => indices.length > 0)
    .map((kind) => html`<path class="${kind.fill}" d="${pathOf(kind)}"></path>`);
  return html`<svg class="mr-map-cells" viewBox="${`0 0 ${Math.max(width, 200)} ${height}`}" role="img" aria-label="${finding}"><title>${finding}</title>${paths}</svg>`;
}
