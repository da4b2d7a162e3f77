/** Median, minimum and maximum of several measured values. */
export type Spread = {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
};

/** A cell of a table. If it's undefined, nothing was measured. */
export type Cell = string | number | Spread | undefined;

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the figures include and leave out. */
  readonly notes?: readonly string[];
};

/** What a measurement found, and which budgets it exceeded. Normally there are none. */
export type Report = { readonly tables: readonly Table[]; readonly overBudget: readonly string[] };

/** What should be measured isn't available here. The message says why, in one line. */
export class NotMeasured extends Error {
  override readonly name = "NotMeasured";
}

/** A measurement's options on the command line. */
export type MeasureOptions = {
  /** How many rounds a measurement runs that compares in turns. */
  readonly rounds?: number;
};

/** @throws RangeError if there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (place: number): number => {
    const value = sorted[place];
    if (value === undefined) throw new RangeError("nothing was measured");
    return value;
  };
  const half = (sorted.length - 1) / 2;
  const median = (at(Math.floor(half)) + at(Math.ceil(half))) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), samples: sorted.length };
}

/** At least three significant digits; whole numbers in full. */
function numberText(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return numberText(cell);
  const { median, min, max } = cell;
  return min === max ? numberText(median) : `${numberText(median)} (${numberText(min)}–${numberText(max)})`;
}

/** A table as text: the first column is left-aligned, the others are right-aligned. */
export function tableText({ title, columns, rows, notes = [] }: Table): string {
  const texts = [columns, ...rows.map((row) => columns.map((_, place) => cellText(row[place])))];
  const widths = columns.map((_, place) => Math.max(...texts.map((row) => row[place]?.length ?? 0)));
  const lines = texts.map((row) =>
    row
      .map((text, place) =>
        place === 0 ? text.padEnd(widths[place] ?? 0) : text.padStart(widths[place] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [title, "", lines[0], rule, ...lines.slice(1), ...notes.map((note) => `  ${note}`), ""].join("\n");
}
