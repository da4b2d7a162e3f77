import { type Html, html } from "../html.ts";
import { figureText } from "./line-chart.ts";
import { seriesClass } from "./series-class.ts";

/** One figure of each thing that is compared, in the same order for all axes. */
export type Axis = { readonly name: string; readonly values: readonly number[] };
/** A thing that stands out, by its place among the values, with what its line is called. */
export type Standout = { readonly place: number; readonly label: string };

// Pixels of the drawing.
const width = 680;
const height = 260;
const left = 60;
const right = 150;
const top = 34;
const bottom = 20;
/** Values of an axis that are written beside it; of more, only the lowest and the highest. */
const maxWritten = 8;
const letters = 16;

/** Where a value is on its axis. Values over several powers of ten are apart only by their logarithms. */
function scaleOf(values: readonly number[]): {
  readonly at: (value: number) => number;
  readonly isLog: boolean;
} {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const isLog = low > 0 && high / low >= 100;
  const of = (value: number) => (isLog ? Math.log10(value) : value);
  const span = of(high) - of(low) || 1;
  return { at: (value) => height - bottom - ((of(value) - of(low)) / span) * (height - top - bottom), isLog };
}

/** Values to write beside an axis, without those that would cover another. */
function written(values: readonly number[], at: (value: number) => number): number[] {
  const distinct = [...new Set(values)].toSorted((a, b) => a - b);
  const [low = 0] = distinct;
  const high = distinct.at(-1) ?? low;
  if (distinct.length > maxWritten) return [low, high];
  return distinct.filter(
    (value, place) =>
      value === low || value === high || Math.abs(at(value) - at(distinct[place - 1] ?? low)) >= 13,
  );
}

const cut = (text: string) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);

/**
 * A line for each thing over one axis for each figure. Those that stand out are drawn stronger, each with its own dashes
 * and its name at the end.
 *
 * @param finding what the picture shows, in a sentence
 */
export function parallelCoordinates(
  finding: string,
  axes: readonly Axis[],
  standouts: readonly Standout[],
): Html {
  const gap = (width - left - right) / Math.max(1, axes.length - 1);
  const placed = axes.map((axis, number) => ({ ...axis, ...scaleOf(axis.values), x: left + number * gap }));
  const lineOf = (place: number) =>
    placed
      .map(
        ({ x, at, values }, number) =>
          `${number === 0 ? "M" : "L"}${x.toFixed(1)},${at(values[place] ?? 0).toFixed(1)}`,
      )
      .join("");
  const count = axes[0]?.values.length ?? 0;
  const special = new Set(standouts.map(({ place }) => place));
  const threads = Array.from({ length: count }, (_, place) => place).filter((place) => !special.has(place));
  const last = placed.at(-1);
  return html`<figure class="mr-figure"><figcaption>${finding}</figcaption><div class="mr-scroll" tabindex="0" role="region" aria-label="Picture: parameters and results"><svg class="mr-graph mr-chart" viewBox="0 0 680 260" width="680" height="260" role="img" aria-label="${finding}"><title>${finding}</title><path class="mr-thread" d="${threads.map(lineOf).join("")}"></path>${standouts.map(
    ({ place, label }, number) =>
      html`<path class="${seriesClass(number)}" d="${lineOf(place)}"></path><text x="${width - right + 44}" y="${((last?.at(last.values[place] ?? 0) ?? top) + 4).toFixed(1)}">${cut(label)}</text>`,
  )}${placed.map(
    ({ name, values, at, x, isLog }) =>
      html`<path class="mr-edge" d="${`M${x.toFixed(1)},${top}V${height - bottom}`}"></path><text class="mr-tick" x="${x.toFixed(1)}" y="14" text-anchor="middle">${cut(name)}${isLog && " (log)"}</text>${written(
        values,
        at,
      ).map(
        (value) =>
          html`<text class="mr-tick" x="${(x + 5).toFixed(1)}" y="${(at(value) - 3).toFixed(1)}">${figureText(value)}</text>`,
      )}`,
  )}</svg></div></figure>`;
}
