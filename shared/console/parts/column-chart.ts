import type { Colour, Look } from "../../wording/state-looks.ts";
import { type Html, html } from "../html.ts";

/** A part of a column: an amount of a state, 0 or more. */
export type ColumnPart = { readonly value: number; readonly look: Look };
/** A column: its parts from the ground up, what is written below it, and what it says in words. */
export type ChartColumn = {
  readonly label: string;
  readonly title: string;
  readonly parts: readonly ColumnPart[];
};

// Pixels.
const columnWidth = 28;
const gap = 4;
const plotHeight = 90;
/** What each part has at least, so that its symbol fits. */
const symbolHeight = 15;
const labelHeight = 18;
/** Letters of a label that fit below a column. */
const lettersPerColumn = 3.6;

/** The class of a colour. A table, so that no text of others becomes a class. */
const classes: Readonly<Record<Colour, string>> = {
  green: "mr-green",
  red: "mr-red",
  cyan: "mr-cyan",
  yellow: "mr-yellow",
  magenta: "mr-magenta",
  gray: "mr-gray",
};

const sumOf = (parts: readonly ColumnPart[]) => parts.reduce((sum, { value }) => sum + value, 0);

/** A column's rectangles, from the ground up, each with the symbol of its state. */
function drawColumn({ title, parts }: ChartColumn, place: number, ground: number, scale: number): Html {
  let top = ground;
  const shapes = parts
    .filter(({ value }) => value > 0)
    .map(({ value, look }) => {
      const height = symbolHeight + value * scale;
      top -= height;
      const x = place * columnWidth + gap / 2;
      return html`<rect class="${classes[look.colour]}" x="${x}" y="${top.toFixed(1)}" width="${columnWidth - gap}" height="${height.toFixed(1)}"></rect><text x="${x + (columnWidth - gap) / 2}" y="${(top + 12).toFixed(1)}" text-anchor="middle">${look.symbol}</text>`;
    });
  return html`<g><title>${title}</title>${shapes}</g>`;
}

/**
 * Columns side by side, the newest last: that one is in view where not all fit. Heights are in proportion to the
 * amounts, plus room for a symbol. A table with the same figures belongs beside it.
 *
 * @param finding what the picture shows, in a sentence
 */
export function columnChart(finding: string, columns: readonly ChartColumn[]): Html {
  const most = Math.max(1, ...columns.map(({ parts }) => sumOf(parts)));
  const deepest = Math.max(1, ...columns.map(({ parts }) => parts.filter(({ value }) => value > 0).length));
  const ground = plotHeight + deepest * symbolHeight + 2;
  const width = Math.max(1, columns.length) * columnWidth;
  const height = ground + labelHeight;
  const longest = Math.max(1, ...columns.map(({ label }) => label.length));
  const every = Math.max(1, Math.ceil(longest / lettersPerColumn));
  const labels = columns.map(({ label }, place) =>
    place % every === 0
      ? html`<text x="${place * columnWidth + gap / 2}" y="${ground + 14}">${label}</text>`
      : undefined,
  );
  const drawn = columns.map((column, place) => drawColumn(column, place, ground, plotHeight / most));
  return html`<div class="mr-scroll mr-newest" tabindex="0" role="region" aria-label="Picture: ${finding}"><svg class="mr-chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${finding}"><title>${finding}</title>${drawn}${labels}</svg></div>`;
}
