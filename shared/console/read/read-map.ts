import { shardSize } from "../../objects/layout.ts";
import { evaluate, referencesIn } from "../../pipeline/expression.ts";
import { type Graph, type StepNode, stepGivenBy, stepNamed } from "../../pipeline/graph.ts";
import { type Artifact, artifactsIn } from "../../pipeline/job.ts";
import type { Json } from "../../pipeline/json.ts";
import { MillraceError } from "../../pipeline/millrace-error.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Tally } from "../../ports/run-store.ts";
import { RunNotFoundError } from "../../run/run-errors.ts";
import { graphOf } from "../../run/run-graph.ts";
import type { Run } from "../../state/run.ts";
import { childrenOf, type FoundStep, hasJobs, hasResult, type StepKey } from "../../state/step-record.ts";
import { scopeFor } from "../../step/step-input.ts";
import { parseLogLine } from "../../wording/log-line.ts";
import { type FigureTable, logFigures } from "../log-figures.ts";
import type { RequestOf } from "../page-request.ts";
import { type Section, type Sources, section } from "../sources.ts";
import { maxSearched } from "./read-log.ts";
import { readReports } from "./read-reports.ts";
import { nodeOf } from "./read-step.ts";

/** Items of a map that were read, by index; and why others weren't. */
export type MapItems = { readonly items: ReadonlyMap<number, Json>; readonly missing?: string };

/** What one child reported in rows, or has written in its log so far. */
export type ChildTable = {
  readonly index: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
};

/** A map for its page. Indices are in order. */
export type MapPageData = {
  readonly run: Run;
  readonly node: StepNode;
  /** The map's own record; missing before it began. */
  readonly map?: FoundStep;
  /** Missing until the list is known. */
  readonly total?: number;
  readonly done: readonly number[];
  readonly failed: readonly number[];
  /** The first children that failed. */
  readonly failures: readonly FoundStep[];
  /** Index of the first child of the row that is open, and the records of its children. */
  readonly row?: number;
  readonly children: readonly FoundStep[];
  readonly items: Section<MapItems>;
  /** Children that were looked for. */
  readonly found?: readonly number[];
  readonly curves: Section<readonly ChildTable[]>;
};

/** Children of a row: those that share a tally. */
export const rowSize = shardSize;
/** Failed children whose errors are read, and children that a search finds. */
export const maxFailures = 25;
export const maxFound = 50;
/** Children whose curves one page reads, each with one call. */
export const maxCurves = 12;

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place);

/** The index of the first child of the row that a page shows; undefined if none is open. */
function rowOf({ row, view }: RequestOf<"map">): number | undefined {
  if (row !== undefined) return Math.floor(row / rowSize) * rowSize;
  return view === "grid" ? undefined : 0;
}

/**
 * Indices of the children that are done and of those that failed, in order. A tally of an earlier epoch still counts what
 * was done.
 */
function ended(tallies: readonly Tally[], epoch: number) {
  const inOrder = (sets: readonly ReadonlySet<number>[]) =>
    sets.flatMap((set) => [...set]).toSorted((a, b) => a - b);
  return {
    done: inOrder(tallies.map(({ done }) => done)),
    failed: inOrder(tallies.filter((tally) => tally.epoch === epoch).map(({ failed }) => failed)),
  };
}

/** The items of a list that another map's children made: only those of one row can be read. */
async function itemsOfMap(
  engine: Engine,
  runId: string,
  source: string,
  indices: readonly number[],
): Promise<MapItems> {
  const keys = indices.map((index): StepKey => ({ runId, step: source, index }));
  const records = keys.length === 0 ? [] : await engine.store.getSteps(keys);
  const items = records.flatMap((record): [number, Json][] =>
    hasResult(record) && typeof record.index === "number" && "value" in record.output
      ? [[record.index, record.output.value]]
      : [],
  );
  return {
    items: new Map(items),
    missing: `The items are the results of ${source}: only those of the open row are read.`,
  };
}

/**
 * The items that a page needs. A list that other steps or the parameters give is read as a whole, because it is one
 * value.
 */
async function readItems(
  engine: Engine,
  work: { readonly run: Run; readonly graph: Graph; readonly node: StepNode },
  indices: readonly number[],
): Promise<MapItems> {
  const { run, graph, node } = work;
  const over = node.over ?? [];
  const source = stepGivenBy(graph, over);
  if (source?.over !== undefined) return itemsOfMap(engine, run.runId, source.name, indices);
  const readsMap = referencesIn(over).some(
    ({ source: kind, path }) => kind === "$step" && stepNamed(graph, path[0] ?? "")?.over !== undefined,
  );
  if (readsMap)
    return { items: new Map(), missing: "The list is made of the results of another map's children." };
  const list = evaluate(over, await scopeFor(engine, run, graph, [over]));
  return { items: new Map(Array.isArray(list) ? list.map((item, index) => [index, item ?? null]) : []) };
}

/** Children with an index, or with a text in their item. */
function search(find: string, total: number, { items }: MapItems): number[] {
  const index = /^\d+$/.test(find.trim()) ? Number(find) : undefined;
  const text = find.toLowerCase();
  const withText = [...items]
    .filter(([, item]) => JSON.stringify(item).toLowerCase().includes(text))
    .map(([place]) => place);
  const byIndex = index !== undefined && index < total ? [index] : [];
  return [...new Set([...byIndex, ...withText])].slice(0, maxFound);
}

/** What the curves of a child are drawn from: the first table that its result names, or the log of its running job. */
function curveSource(record: FoundStep): { readonly table: Artifact } | { readonly log: string } | undefined {
  if (hasResult(record) && "value" in record.output) {
    const named = artifactsIn(record.output.value);
    const table = named.find(({ mediaType }) => mediaType.includes("millrace.table"));
    return table && { table };
  }
  return hasJobs(record) && record.log !== undefined ? { log: record.log } : undefined;
}

/** The figures that a job has written so far. */
async function readLogFigures({ logs }: Sources, log: string): Promise<FigureTable> {
  const written = await logs.tail(log, maxSearched);
  return logFigures(written.map(({ text, at = 0 }) => parseLogLine(text, { at, source: log })));
}

/** The tables of the first children of a row that have any. */
async function readCurves(sources: Sources, children: readonly FoundStep[]): Promise<ChildTable[]> {
  const found = children.flatMap((record) => {
    const source = curveSource(record);
    return source === undefined || typeof record.index !== "number" ? [] : [{ index: record.index, source }];
  });
  const tables = await Promise.all(
    found.slice(0, maxCurves).map(async ({ index, source }): Promise<ChildTable[]> => {
      if ("log" in source) return [{ index, ...(await readLogFigures(sources, source.log)) }];
      const [report] = await readReports(sources.engine.objects, [source.table]);
      return report?.content.kind === "table" ? [{ index, ...report.content }] : [];
    }),
  );
  return tables.flat();
}

/**
 * A map in two rounds, if its graph is known: the run, the map and one query of its tallies, with the children of the
 * row that is open; and then the first failures, the items and the curves. It never lists all children.
 *
 * @throws RunNotFoundError, GraphMissingError, and MillraceError if there is no such map or row
 */
export async function readMap(sources: Sources, request: RequestOf<"map">): Promise<MapPageData> {
  const { engine } = sources;
  const { store } = engine;
  const { runId, step, find, view } = request;
  const asked = rowOf(request);
  const rowIndices = asked === undefined ? [] : range(asked, asked + rowSize);
  const key = (index: StepKey["index"]): StepKey => ({ runId, step, index });
  const [run, records, tallies] = await Promise.all([
    store.getRun(runId),
    store.getSteps([key("map"), ...rowIndices.map(key)]),
    store.listTallies(runId, step),
  ]);
  if (run === undefined) throw new RunNotFoundError(runId);
  const graph = await graphOf(engine, run);
  const node = nodeOf(graph, request);
  if (node.over === undefined)
    throw new MillraceError("STEP_NOT_FOUND", `step "${step}" of run ${runId} is no map`, {
      remedy: "Look at its own page.",
    });
  const map = records.find(({ index }) => index === "map");
  // A map over an empty list ends at once.
  const total = map && (childrenOf(map) ?? (hasResult(map) ? 0 : undefined));
  if (asked !== undefined && asked > 0 && asked >= (total ?? 0))
    throw new MillraceError(
      "STEP_NOT_FOUND",
      `step "${step}" has ${total ?? 0} children, and none from ${asked} on`,
    );
  // A map of one row is open at once.
  const isSmall = asked === undefined && total !== undefined && total <= rowSize;
  const row = isSmall ? 0 : asked;
  const { done, failed } = ended(tallies, map?.epoch ?? run.epoch);
  const wantsItems = total !== undefined && (find !== undefined || row !== undefined);
  const shownRow = row === undefined ? [] : range(row, Math.min(row + rowSize, total ?? 0));
  const inRow = records.filter(({ index }) => index !== "map");
  const [failures, children, items, curves] = await Promise.all([
    failed.length === 0 ? [] : store.getSteps(failed.slice(0, maxFailures).map(key)),
    isSmall && total > 0 ? store.getSteps(shownRow.map(key)) : inRow,
    wantsItems
      ? section(readItems(engine, { run, graph, node }, shownRow))
      : ({ read: true, value: { items: new Map() } } as const),
    view === "curves" ? section(readCurves(sources, inRow)) : ({ read: true, value: [] } as const),
  ]);
  const found =
    find === undefined
      ? undefined
      : search(find, total ?? 0, items.read ? items.value : { items: new Map() });
  return {
    ...{ run, node, done, failed, failures, children, items, curves },
    ...(map !== undefined && { map }),
    ...(total !== undefined && { total }),
    ...(row !== undefined && { row }),
    ...(found !== undefined && { found }),
  };
}
