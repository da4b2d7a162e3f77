import type { Colour } from "../../wording/state-looks.ts";
import { type Html, html } from "../html.ts";

/** Cells of a grid that have the same look: their number in the grid, ascending. */
export type CellKind = {
  readonly colour: Colour;
  readonly places: readonly number[];
  readonly isLow?: boolean;
};

// Pixels.
const cell = 14;
const gap = 2;

/** The class of a colour. A table, so that no text of others becomes a class. */
const fills: Readonly<Record<Colour, string>> = {
  green: "mr-fill-green",
  red: "mr-fill-red",
  cyan: "mr-fill-cyan",
  yellow: "mr-fill-yellow",
  magenta: "mr-fill-magenta",
  gray: "mr-fill-gray",
};

/** One path over all cells of a kind: neighbours in a row are one piece. Low cells are a line at the cell's ground. */
function pathOf({ places, isLow = false }: CellKind, columns: number): string {
  const pieces: { at: number; length: number }[] = [];
  for (const place of places) {
    const last = pieces.at(-1);
    const follows = last !== undefined && last.at + last.length === place && place % columns !== 0;
    if (follows) last.length += 1;
    else pieces.push({ at: place, length: 1 });
  }
  const height = isLow ? 4 : cell - gap;
  return pieces
    .map(({ at, length }) => {
      const x = (at % columns) * cell;
      const y = Math.floor(at / columns) * cell + (cell - gap - height);
      return `M${x} ${y}h${length * cell - gap}v${height}h-${length * cell - gap}z`;
    })
    .join("");
}

/**
 * A grid of cells in rows, one path for each kind, so that 10,000 cells are a few kilobytes. A table with the same
 * figures belongs beside it.
 *
 * @param finding what the picture shows, in a sentence
 */
export function cellGrid(finding: string, kinds: readonly CellKind[], count: number, columns = 50): Html {
  const width = Math.min(columns, Math.max(1, count)) * cell;
  const height = Math.max(1, Math.ceil(count / columns)) * cell;
  const paths = kinds
    .filter(({ places }) => places.length > 0)
    .map((kind) => html`<path class="${fills[kind.colour]}" d="${pathOf(kind, columns)}"></path>`);
  return html`<svg class="mr-cells" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${finding}"><title>${finding}</title>${paths}</svg>`;
}
