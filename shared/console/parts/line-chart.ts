import { ticks } from "d3-array";
import { type Curves, type Point, thinned, wordsOf } from "../curves.ts";
import { type Content, type Html, html } from "../html.ts";
import { maxSeries, seriesClass } from "./series-class.ts";
import { table } from "./table.ts";

// Pixels of the drawing.
const width = 680;
const height = 240;
const left = 72;
const right = 190;
const top = 14;
const bottom = 44;
/** Between two labels at the ends of lines. */
const labelGap = 15;
/** Characters of a label. */
const maxLabel = 26;

/** Rows of the table behind a chart. */
const maxRows = 50;

/** A figure in as few digits as say what it is. */
export function figureText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return String(Number(value.toPrecision(4)));
}

/** The lowest and the highest of some figures, a little apart if they are the same. */
function extentOf(values: readonly number[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const margin = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  return [low - margin, high + margin];
}

/** Maps figures to pixels. */
function scale([low, high]: readonly [number, number], from: number, to: number) {
  return (value: number) => from + ((value - low) / (high - low)) * (to - from);
}

const words = (name: string) => wordsOf(name).join(" ");
const cut = (text: string) => (text.length > maxLabel ? `${text.slice(0, maxLabel - 1)}…` : text);

/** Heights of labels, moved down or up so that none covers another. */
function spread(wanted: readonly number[]): number[] {
  const order = wanted.map((y, place) => ({ y, place })).toSorted((a, b) => a.y - b.y);
  const result = wanted.map((y) => y);
  let floor = top;
  for (const { y, place } of order) {
    const at = Math.max(y, floor);
    result[place] = at;
    floor = at + labelGap;
  }
  const over = Math.max(0, floor - labelGap - (height - bottom));
  return result.map((y) => y - over);
}

/** What a chart shows, in a sentence: the last figure of each line. */
function findingOf({ along, of, series }: Curves): string {
  const ends = series.map(({ name, points }) => {
    const last = points.at(-1);
    return `${series.length === 1 ? "" : `${name} `}${figureText(last?.y ?? Number.NaN)}`;
  });
  const [first] = series;
  const end = first?.points.at(-1);
  const at = end === undefined ? "" : ` at ${words(along)} ${figureText(end.x)}`;
  return `${words(of)} over ${words(along)}, last${series.length === 1 ? at : ""}: ${ends.join(", ")}`;
}

function pathOf(
  points: readonly Point[],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  return thinned(points)
    .map((point, place) => `${place === 0 ? "M" : "L"}${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`)
    .join("");
}

/** The figures behind a chart: a row for each place along, as far as rows go. */
function rowsOf({ series }: Curves): Content[][] {
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].toSorted(
    (a, b) => a - b,
  );
  const every = Math.max(1, Math.ceil(places.length / maxRows));
  const shown = places.filter((_, place) => place % every === 0 || place === places.length - 1);
  const figures = series.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
  return shown.map((x) => [
    figureText(x),
    ...figures.map((byPlace) => {
      const y = byPlace.get(x);
      return y === undefined ? "" : figureText(y);
    }),
  ]);
}

/**
 * Lines over one axis, each with its name at its end, and the figures as a table. If there are more lines than can be
 * told apart, the first ones are drawn, and the table has them all.
 *
 * @param about what the figures are of; no other picture of the page has it
 */
export function lineChart(about: string, curves: Curves): Html {
  const drawn = curves.series.slice(0, maxSeries);
  const points = drawn.flatMap((line) => line.points);
  const xRange = extentOf(points.map(({ x }) => x));
  const yRange = extentOf(points.map(({ y }) => y));
  const x = scale(xRange, left, width - right);
  const y = scale(yRange, height - bottom, top);
  const finding = `${about}: ${findingOf(curves)}`;
  const labels = spread(drawn.map((line) => y(line.points.at(-1)?.y ?? yRange[0])));
  const grid = ticks(yRange[0], yRange[1], 4).map(
    (tick) =>
      html`<path class="mr-grid" d="${`M${left},${y(tick).toFixed(1)}H${width - right}`}"></path><text class="mr-tick" x="${left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${figureText(tick)}</text>`,
  );
  const below = ticks(xRange[0], xRange[1], 5).map(
    (tick) =>
      html`<text class="mr-tick" x="${x(tick).toFixed(1)}" y="${height - bottom + 16}" text-anchor="middle">${figureText(tick)}</text>`,
  );
  const lines = drawn.map((line, number) => {
    const last = line.points.at(-1);
    const at = labels[number] ?? top;
    return html`<path class="${seriesClass(number)}" d="${pathOf(line.points, x, y)}"></path><path class="${seriesClass(number)}" d="${`M${width - right + 6},${at.toFixed(1)}h22`}"></path><text x="${width - right + 32}" y="${(at + 4).toFixed(1)}">${cut(`${line.name} ${last === undefined ? "" : figureText(last.y)}`)}</text>`;
  });
  const axes = html`<path class="mr-edge" d="${`M${left},${top}V${height - bottom}H${width - right}`}"></path><text class="mr-tick" x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${words(curves.along)}</text><text class="mr-tick" x="${4}" y="${10}">${words(curves.of)}</text>`;
  const left0 = curves.series.length - drawn.length;
  return html`<figure class="mr-figure"><figcaption>${finding}</figcaption><div class="mr-scroll" tabindex="0" role="region" aria-label="${`Picture: ${about}, ${words(curves.of)}`}"><svg class="mr-graph mr-chart" viewBox="0 0 680 240" width="680" height="240" role="img" aria-label="${finding}"><title>${finding}</title>${[grid, below, axes, lines]}</svg></div>${
    left0 > 0 && html`<p>${drawn.length} of ${curves.series.length} lines are drawn; the table has all.</p>`
  }<details><summary>${`The figures: ${words(curves.of)}`}</summary>${table(
    `${about}: figures of ${words(curves.of)} over ${words(curves.along)}`,
    [
      { heading: words(curves.along), figures: true },
      ...curves.series.map(({ name }) => ({ heading: name, figures: true as const })),
    ],
    rowsOf(curves),
  )}</details></figure>`;
}
