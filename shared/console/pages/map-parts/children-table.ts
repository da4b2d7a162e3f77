import type { Json } from "../../../pipeline/json.ts";
import type { Host } from "../../host/host.ts";
import { type Content, type Html, html } from "../../html.ts";
import type { RequestOf } from "../../page-request.ts";
import { figureText } from "../../parts/line-chart.ts";
import { parallelCoordinates } from "../../parts/parallel-coordinates.ts";
import { stepBadge } from "../../parts/state-badge.ts";
import { type Column, table } from "../../parts/table.ts";
import { duration } from "../../parts/time.ts";
import type { MapPageData } from "../../read/read-map.ts";
import {
  betterIs,
  type ShownValue,
  type Sweep,
  type SweepColumn,
  type SweepRow,
  sorted,
  sweepOf,
} from "../../sweep.ts";

type Request = RequestOf<"map">;

/** Axes of a picture. */
const maxAxes = 6;
const maxText = 60;

const cellText = (value: ShownValue | undefined) =>
  value === undefined ? "" : typeof value === "number" ? figureText(value) : String(value).slice(0, maxText);

const figureOf = (row: SweepRow, { key }: SweepColumn) => {
  const value = row.values.get(key);
  return typeof value === "number" ? value : undefined;
};

/** The figure that the picture is about: the one that the table is sorted by, or the first result. */
function focusOf(columns: readonly SweepColumn[], sort: string): SweepColumn | undefined {
  const results = columns.filter(({ kind }) => kind === "result");
  return results.find(({ key }) => key === sort.replace(/^-/, "")) ?? results[0];
}

const words: Readonly<Record<"lower" | "higher", readonly [first: string, last: string]>> = {
  lower: ["best", "worst"],
  higher: ["worst", "best"],
};

/** Parameters and results of all children at one glance, with the children that have the lowest and highest figure. */
function picture({ columns, rows }: Sweep, sort: string): Html | undefined {
  const numeric = columns.filter(
    (column) =>
      new Set(rows.map((row) => figureOf(row, column)).filter((figure) => figure !== undefined)).size > 1,
  );
  const focus = focusOf(numeric, sort);
  if (focus === undefined) return undefined;
  const others = numeric.filter(({ key }) => key !== focus.key).slice(0, maxAxes - 1);
  const axes = [...others, focus];
  const complete = rows.filter((row) => axes.every((column) => figureOf(row, column) !== undefined));
  if (complete.length < 2 || others.length === 0) return undefined;
  const byFigure = complete
    .map((row, place) => ({ place, row, figure: figureOf(row, focus) ?? 0 }))
    .toSorted((a, b) => a.figure - b.figure);
  const [low] = byFigure;
  const high = byFigure.at(-1);
  if (low === undefined || high === undefined) return undefined;
  const parameters = columns.filter(({ kind }) => kind === "parameter");
  const say = ({ row }: typeof low) =>
    [
      `child ${row.index}`,
      ...parameters.slice(0, 3).map((column) => `${column.name} ${cellText(row.values.get(column.key))}`),
    ].join(", ");
  const better = betterIs(focus.name);
  const [lowWord, highWord] = better === undefined ? ["lowest", "highest"] : words[better];
  const finding = `${focus.name} of ${complete.length} children: ${highWord} ${figureText(high.figure)} (${say(high)}), ${lowWord} ${figureText(low.figure)} (${say(low)})`;
  return parallelCoordinates(
    finding,
    axes.map((column) => ({ name: column.name, values: complete.map((row) => figureOf(row, column) ?? 0) })),
    [
      { place: high.place, label: `${highWord}: [${high.row.index}]` },
      { place: low.place, label: `${lowWord}: [${low.row.index}]` },
    ],
  );
}

/** A column that sorts by a link: a second use turns the order around. */
function sortable(
  request: Request,
  sort: string,
  key: string,
  text: string,
  figures: boolean,
  host: Host,
): Column {
  const current = sort.replace(/^-/, "") === key;
  const descending = sort.startsWith("-");
  const heading = host.link({ ...request, sort: current && !descending ? `-${key}` : key }, text);
  return { heading, figures, sorted: current ? (descending ? "descending" : "ascending") : undefined };
}

/** The children of the open row by parameter and figure, sorted by any column, with a picture of both. */
export function childrenTable(
  { children }: MapPageData,
  items: ReadonlyMap<number, Json>,
  request: Request,
  host: Host,
): Content {
  const sort = request.sort ?? "index";
  const sweep = sweepOf(children, items);
  const { columns, rows } = sweep;
  if (rows.length === 0) return html`<p>No child of this row has begun.</p>`;
  const head = [
    sortable(request, sort, "index", "Child", true, host),
    "State",
    ...columns.map(({ key, name, kind }) =>
      sortable(
        request,
        sort,
        key,
        name,
        kind === "result" || rows.some(({ values }) => typeof values.get(key) === "number"),
        host,
      ),
    ),
    sortable(request, sort, "took", "Took", true, host),
  ];
  const body = sorted(rows, sort).map((row) => [
    host.link(
      { page: "step", runId: request.runId, step: request.step, index: row.index },
      String(row.index),
    ),
    stepBadge(row.state),
    ...columns.map(({ key }) => cellText(row.values.get(key))),
    duration(row.took),
  ]);
  return [picture(sweep, sort), table("Children by parameter and result", head, body)];
}
