import { rangesOf } from "../index-ranges.ts";

/** How cells stand in rows. All but the number of columns is in units of the drawing. */
export type CellPlaces = {
  readonly columns: number;
  /** From the left edge of a cell to that of the next. */
  readonly width: number;
  /** From the top of a row to that of the next. */
  readonly height: number;
  /** What stays free to the right of a cell. */
  readonly right: number;
  /** What stays free below a cell. */
  readonly below: number;
};

/**
 * The path of an SVG over cells of one look, which stand on the ground of their rows. Neighbours in a row are one
 * rectangle, so 10,000 cells are a few kilobytes.
 *
 * @param indices numbers of the cells, ascending
 * @param tall how high each is
 */
export function cellPath(indices: readonly number[], tall: number, places: CellPlaces): string {
  const { columns, width, height, right, below } = places;
  return rangesOf(indices)
    .flatMap(({ from, to }) => {
      const parts: string[] = [];
      for (let start = from; start <= to; start = (Math.floor(start / columns) + 1) * columns) {
        const row = Math.floor(start / columns);
        const end = Math.min(to, (row + 1) * columns - 1);
        const length = (end - start + 1) * width - right;
        const y = (row + 1) * height - below - tall;
        parts.push(`M${(start % columns) * width},${y}h${length}v${tall}h-${length}z`);
      }
      return parts;
    })
    .join("");
}
