import { type Html, html } from "../html.ts";
import { type CellPlaces, cellPath } from "./cell-path.ts";

/** Indices of one kind, in order, and how their cells look: tall and low cells differ without their colour too. */
export type CellKind = {
  readonly fill: string;
  readonly height: number;
  readonly indices: readonly number[];
};

const places: CellPlaces = { columns: 200, width: 5, height: 12, right: 0, below: 1 };

/** All children of a map as cells, 200 in a row. @param finding what the picture shows, in a sentence */
export function cells(total: number, kinds: readonly CellKind[], finding: string): Html {
  const height = Math.ceil(total / places.columns) * places.height;
  const width = Math.min(total, places.columns) * places.width;
  const paths = kinds
    .filter(({ indices }) => indices.length > 0)
    .map(
      ({ fill, indices, height: tall }) =>
        html`<path class="${fill}" d="${cellPath(indices, tall, places)}"></path>`,
    );
  return html`<svg class="mr-map-cells" viewBox="${`0 0 ${Math.max(width, 200)} ${height}`}" role="img" aria-label="${finding}"><title>${finding}</title>${paths}</svg>`;
}
