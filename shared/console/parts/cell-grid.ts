import type { Colour } from "../../wording/state-looks.ts";
import { type Html, html } from "../html.ts";
import { cellPath } from "./cell-path.ts";
import { fills } from "./fills.ts";

/** Cells of a grid that have the same look: their number in the grid, ascending. */
export type CellKind = {
  readonly colour: Colour;
  readonly places: readonly number[];
  readonly isLow?: boolean;
};

// Pixels.
const cell = 14;
const gap = 2;
/** Low cells are a line at the ground of their row. */
const lowCell = 4;

/**
 * A grid of cells in rows, one path for each kind, so that 10,000 cells are a few kilobytes. A table with the same
 * figures belongs beside it.
 *
 * @param finding what the picture shows, in a sentence
 */
export function cellGrid(finding: string, kinds: readonly CellKind[], count: number, columns = 50): Html {
  const width = Math.min(columns, Math.max(1, count)) * cell;
  const height = Math.max(1, Math.ceil(count / columns)) * cell;
  const cells = { columns, width: cell, height: cell, right: gap, below: gap };
  const paths = kinds
    .filter(({ places }) => places.length > 0)
    .map(({ colour, places, isLow = false }) => {
      const path = cellPath(places, isLow ? lowCell : cell - gap, cells);
      return html`<path class="${fills[colour]}" d="${path}"></path>`;
    });
  return html`<svg class="mr-cells" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${finding}"><title>${finding}</title>${paths}</svg>`;
}
