import type { Json } from "../pipeline/json.ts";
import { type FoundStep, hasEnded, hasResult } from "../state/step-record.ts";
import { wordsOf } from "./curves.ts";
import { flatValues } from "./flat-values.ts";

/** Values that a table of children shows: of parameters also words, of results only figures. */
export type ShownValue = string | number | boolean;

/** A column of a map's children: a parameter from their items, or a figure from their results. */
export type SweepColumn = {
  readonly key: string;
  readonly name: string;
  readonly kind: "parameter" | "result";
};
/** One child with its values, by the keys of the columns. */
export type SweepRow = {
  readonly index: number;
  readonly state: FoundStep["state"];
  readonly values: ReadonlyMap<string, ShownValue>;
  /** Milliseconds; only once it has ended. */
  readonly took?: number;
};
export type Sweep = { readonly columns: readonly SweepColumn[]; readonly rows: readonly SweepRow[] };

/** Columns of one kind that a page shows. */
const maxColumns = 12;

/** What a value without a path is called. */
const nameOf = (path: string, kind: SweepColumn["kind"]) =>
  path === "" ? (kind === "parameter" ? "item" : "result") : path;

function valuesOf(value: Json | undefined, kind: SweepColumn["kind"]): [key: string, value: ShownValue][] {
  if (value === undefined) return [];
  const prefix = kind === "parameter" ? "in:" : "out:";
  return [...flatValues(value)].flatMap(([path, part]): [string, ShownValue][] => {
    if (typeof part === "number") return [[`${prefix}${path}`, part]];
    const isWord = typeof part === "string" || typeof part === "boolean";
    return kind === "parameter" && isWord ? [[`${prefix}${path}`, part]] : [];
  });
}

function rowOf(record: FoundStep, item: Json | undefined): SweepRow[] {
  const { index, state } = record;
  if (index === "map") return [];
  const output = hasResult(record) && "value" in record.output ? record.output.value : undefined;
  return [
    {
      ...{ index, state },
      values: new Map([...valuesOf(item, "parameter"), ...valuesOf(output, "result")]),
      ...(hasEnded(record) && {
        took: Math.max(0, Date.parse(record.endedAt) - Date.parse(record.startedAt)),
      }),
    },
  ];
}

/** The children of a map by parameter and figure. A figure that only repeats a parameter is left out. */
export function sweepOf(children: readonly FoundStep[], items: ReadonlyMap<number, Json>): Sweep {
  const rows = children.flatMap((record) =>
    record.index === "map" ? [] : rowOf(record, items.get(record.index)),
  );
  const keys = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  const parameters = keys.filter((key) => key.startsWith("in:"));
  const repeats = (key: string) =>
    key.startsWith("out:") &&
    parameters.some((parameter) =>
      rows.every(({ values }) => !values.has(key) || values.get(key) === values.get(parameter)),
    );
  const columns = keys
    .filter((key) => !repeats(key))
    .map((key): SweepColumn => {
      const kind = key.startsWith("in:") ? "parameter" : "result";
      return { key, kind, name: nameOf(key.replace(/^(in|out):/, ""), kind) };
    });
  const some = (kind: SweepColumn["kind"]) =>
    columns.filter((column) => column.kind === kind).slice(0, maxColumns);
  return { columns: [...some("parameter"), ...some("result")], rows };
}

/** Whether a value comes before another. Numbers come before texts. */
function compare(a: ShownValue, b: ShownValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
}

const single = (row: SweepRow, key: string): ShownValue | undefined => {
  if (key === "index") return row.index;
  return key === "took" ? row.took : row.values.get(key);
};

/** Rows sorted by a column, `-` before its key for the highest first. Rows without the value are last. */
export function sorted(rows: readonly SweepRow[], sort: string): SweepRow[] {
  const descending = sort.startsWith("-");
  const key = sort.replace(/^-/, "");
  const known = rows.filter((row) => single(row, key) !== undefined);
  const others = rows.filter((row) => single(row, key) === undefined);
  const inOrder = known.toSorted((a, b) => {
    const order = compare(single(a, key) ?? "", single(b, key) ?? "") || a.index - b.index;
    return descending ? -order : order;
  });
  return [...inOrder, ...others];
}

/** Words of figures that are better if they are lower. Of others, we don't know which way is better. */
const lowerWords = new Set(["loss", "error", "rmse", "mae", "mse", "logloss", "perplexity"]);
/** Words of figures that are better if they are higher. */
const higherWords = new Set(["r2", "auc", "accuracy", "precision", "recall", "f1", "score"]);

/** Which way a figure is better, by its name; undefined if its name doesn't say. */
export function betterIs(name: string): "lower" | "higher" | undefined {
  const words = wordsOf(name);
  if (words.some((word) => lowerWords.has(word))) return "lower";
  return words.some((word) => higherWords.has(word)) ? "higher" : undefined;
}

/** A child by its index and its first parameters: `[2] alpha 0.01`. */
export function childLabel(index: number, item: Json | undefined): string {
  const parameters = valuesOf(item, "parameter").slice(0, 2);
  const words = parameters.map(([key, value]) => {
    const path = key.replace(/^in:/, "");
    return path === "" ? String(value) : `${path} ${value}`;
  });
  return [`[${index}]`, ...words].join(" ");
}
