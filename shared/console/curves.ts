import type { Json } from "../pipeline/json.ts";

/** One line of a chart, with its name as people read it. */
export type Series = { readonly name: string; readonly points: readonly Point[] };
export type Point = { readonly x: number; readonly y: number };

/** What one chart draws: figures of one kind, over one quantity. */
export type Curves = {
  /** What runs along, such as `step`. */
  readonly along: string;
  /** What is measured, such as `loss`. */
  readonly of: string;
  readonly series: readonly Series[];
};

/** Rows that figures must have to be a curve, and charts that one table gives. */
const minPoints = 3;
const maxCharts = 6;

/** Points of a line that a page draws; of longer ones, evenly many are left out. */
export const maxPoints = 300;

/** The words of a name in camel case, snake case or with dots, in lower case. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[\s_.-]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

/** The figures of a column; undefined in a row that has none. */
function figuresOf(rows: readonly (readonly Json[])[], place: number): (number | undefined)[] {
  return rows.map((row) => {
    const value = row[place];
    return typeof value === "number" ? value : undefined;
  });
}

/** Whether a column has a figure in each row, each higher than the one before, so that others can be drawn over it. */
function rises(figures: readonly (number | undefined)[]): boolean {
  return figures.every((figure, place) => {
    const before = figures[place - 1];
    return figure !== undefined && (place === 0 || (before !== undefined && figure > before));
  });
}

/** Leaves out points of a long line, never its last one. */
export function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= maxPoints) return points;
  const every = Math.ceil(points.length / maxPoints);
  return points.filter((_, place) => place % every === 0 || place === points.length - 1);
}

/**
 * The charts of a table whose first rising column is what the others are measured over. Columns whose names end alike,
 * such as `trainLoss` and `validationLoss`, share a chart. Empty if the table has no such column or fewer than three
 * rows.
 */
export function curvesOf(columns: readonly string[], rows: readonly (readonly Json[])[]): Curves[] {
  if (rows.length < minPoints) return [];
  const along = columns.findIndex((_, place) => rises(figuresOf(rows, place)));
  const alongName = columns[along];
  if (alongName === undefined) return [];
  const base = figuresOf(rows, along);
  const lines = columns.flatMap((name, place): Series[] => {
    if (place === along) return [];
    const points = figuresOf(rows, place).flatMap((y, row): Point[] => {
      const x = base[row];
      return x === undefined || y === undefined ? [] : [{ x, y }];
    });
    return points.length < minPoints ? [] : [{ name: wordsOf(name).join(" "), points }];
  });
  const groups = Map.groupBy(lines, ({ name }) => name.split(" ").at(-1) ?? name);
  return [...groups].slice(0, maxCharts).map(([of, series]) => ({ along: alongName, of, series }));
}

/**
 * Charts of several tables of the same form, over one another: for each figure one chart with a line a table.
 *
 * @param tables each with the name that its lines get
 */
export function curvesOver(
  tables: readonly {
    readonly label: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly Json[])[];
  }[],
): Curves[] {
  const all = tables.flatMap(({ label, columns, rows }) =>
    curvesOf(columns, rows).flatMap(({ along, series }) =>
      series.map(({ name, points }) => ({ along, of: name, series: { name: label, points } })),
    ),
  );
  const groups = Map.groupBy(all, ({ along, of }) => JSON.stringify([along, of]));
  return [...groups.values()].slice(0, maxCharts).flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ along: first.along, of: first.of, series: group.map(({ series }) => series) }];
  });
}
