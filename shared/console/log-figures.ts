import type { LogLine } from "../wording/log-line.ts";

/** Figures in rows, each over that of the first column. */
export type FigureTable = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
};

/** Fields of a log that say how far a job is, the best first. Otherwise its figures are over time. */
const counters = ["epoch", "iteration", "batch"];

/** The figures among a line's fields. */
function figuresOf({ fields }: LogLine): [name: string, figure: number][] {
  return Object.entries(fields).flatMap(([name, value]): [string, number][] =>
    typeof value === "number" ? [[name, value]] : [],
  );
}

/** The figures that lines have as fields, over a counter or the seconds since the first, also while a job runs. */
export function logFigures(lines: readonly LogLine[]): FigureTable {
  const measured = lines.map((line) => ({ at: line.at, figures: new Map(figuresOf(line)) }));
  const names = [...new Set(measured.flatMap(({ figures }) => [...figures.keys()]))];
  const counter = counters.find((name) => names.includes(name));
  const start = measured.find(({ figures }) => figures.size > 0)?.at ?? 0;
  const others = names.filter((name) => name !== counter);
  const rows: (number | null)[][] = [];
  for (const { at, figures } of measured) {
    const along = counter === undefined ? (at - start) / 1000 : figures.get(counter);
    // A log of several attempts goes back, and of some lines nothing says where they belong.
    const before = rows.at(-1)?.[0];
    if (along === undefined || figures.size === 0 || (typeof before === "number" && along <= before))
      continue;
    rows.push([along, ...others.map((name) => figures.get(name) ?? null)]);
  }
  return { columns: [counter ?? "seconds", ...others], rows };
}
