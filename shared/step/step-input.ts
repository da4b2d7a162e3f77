import {
  type Expression,
  ExpressionError,
  evaluate,
  referencesIn,
  type Scope,
} from "../pipeline/expression.ts";
import { type Graph, type StepNode, stepGivenBy, stepNamed } from "../pipeline/graph.ts";
import type { Json, JsonObject } from "../pipeline/json.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord } from "../ports/run-store.ts";
import { knownStep } from "../state/read-step.ts";
import { isEnded, type Run } from "../state/run.ts";
import { childrenOf, hasResult } from "../state/step-record.ts";
import { keepItems, keepResults, keptItem, keptResults } from "./kept-lists.ts";
import { resultsNamed } from "./known-results.ts";
import type { StepWork } from "./step-work.ts";
import { loadValue } from "./stored-value.ts";

/** The ports that results are read from. */
export type ResultSource = Pick<Engine, "store" | "objects">;

/** Names of the steps that some expressions read. */
function sourcesOf(expressions: readonly (Expression | undefined)[]): string[] {
  const references = expressions.flatMap((each) => (each === undefined ? [] : referencesIn(each)));
  return [...new Set(references.filter(({ source }) => source === "$step").map(({ path }) => path[0] ?? ""))];
}

/** How many results of a map's children are read at once: as many as a client of the AWS SDK has sockets. */
const maxConcurrentReads = 50;

async function outputOf(engine: ResultSource, found: FoundRecord): Promise<Json> {
  const record = knownStep(found);
  return hasResult(record) ? loadValue(engine, record.output) : null;
}

const isMapped = (graph: Graph, name: string) => stepNamed(graph, name)?.over !== undefined;

/** The results of a mapped step's children, in order; undefined if the map has no result. */
async function resultsOfMap(engine: ResultSource, run: Run, step: string): Promise<Json[] | undefined> {
  const map = await engine.store.getStep({ runId: run.runId, step, index: "map" });
  if (map === undefined || !hasResult(knownStep(map))) return undefined;
  const stored = await engine.store.listSteps(run.runId, step);
  const children = stored.filter(({ index }) => index !== "map");
  return mapConcurrently(children, (child) => outputOf(engine, child), maxConcurrentReads);
}

/**
 * How an expression reads the results of a mapped step: record by record, or from the kept list. Children of a map read
 * the list that was kept for them.
 */
type ReadResults = (engine: ResultSource, run: Run, step: string) => Promise<readonly Json[] | undefined>;

/** What a map kept for its children. An older version kept nothing, and a list may have expired. */
const resultsKeptOrRead: ReadResults = async (engine, run, step) =>
  (await keptResults(engine, run, step)) ?? (await resultsOfMap(engine, run, step));

/**
 * Outputs of upstream steps by name, without the steps that have none. A mapped step's output is the list of its
 * children's.
 */
async function loadOutputs(
  engine: ResultSource,
  run: Run,
  graph: Graph,
  names: readonly string[],
  read: ReadResults,
): Promise<ReadonlyMap<string, Json>> {
  const single = names.filter((name) => !isMapped(graph, name));
  const outputs = new Map<string, Json>();
  for (const { step, output } of await resultsNamed(engine.store, run.runId, single)) {
    outputs.set(step, await loadValue(engine, output));
  }
  for (const name of names.filter((each) => isMapped(graph, each))) {
    const list = await read(engine, run, name);
    if (list !== undefined) outputs.set(name, list);
  }
  return outputs;
}

/** The facts that a run offers about itself; once it has ended, also how it ended. */
function runFacts(run: Run): JsonObject {
  const { runId: id, pipeline, name, scheduledAt } = run;
  const facts = { id, pipeline, name, scheduledAt };
  if (!isEnded(run)) return facts;
  const { state, params, startedAt, endedAt, error } = run;
  return { ...facts, state, params, startedAt, endedAt, ...(error && { error: { ...error } }) };
}

/** The scope in which a run's expressions are evaluated, with the results that they use. */
export async function scopeFor(
  engine: ResultSource,
  run: Run,
  graph: Graph,
  expressions: readonly (Expression | undefined)[],
  read: ReadResults = resultsOfMap,
): Promise<Scope> {
  const outputs = await loadOutputs(engine, run, graph, sourcesOf(expressions), read);
  return { params: run.params, run: runFacts(run), step: (name) => outputs.get(name) };
}

/** Like {@link scopeFor}, for the expressions of a step. If the step is mapped, each child evaluates them for itself. */
export function scopeOfStep(
  engine: Engine,
  { run, graph, node }: StepWork,
  expressions: readonly (Expression | undefined)[],
): Promise<Scope> {
  return scopeFor(
    engine,
    run,
    graph,
    expressions,
    node.over === undefined ? resultsOfMap : resultsKeptOrRead,
  );
}

function listFrom(node: StepNode, list: Json): readonly Json[] {
  if (Array.isArray(list)) return list;
  throw new ExpressionError(
    `step "${node.name}" maps over ${JSON.stringify(list).slice(0, 80)}, which is not a list`,
  );
}

/** The mapped step whose children's results are exactly the items of a list; undefined if there's none. */
function childrenSource(graph: Graph, over: Expression | undefined): string | undefined {
  const source = stepGivenBy(graph, over);
  return source?.over === undefined ? undefined : source.name;
}

/** Whether a step runs at all: the value of its condition, or true if it has none. */
export async function shouldRun(engine: Engine, work: StepWork): Promise<boolean> {
  const { node } = work;
  if (node.when === undefined) return true;
  const scope = await scopeFor(engine, work.run, work.graph, [node.when]);
  const answer = evaluate(node.when, scope);
  if (typeof answer === "boolean") return answer;
  throw new ExpressionError(
    `step "${node.name}": its condition gave ${JSON.stringify(answer)}; it must be true or false`,
  );
}

/** The list that a mapped step runs over. */
export async function itemsOf(engine: Engine, work: StepWork): Promise<readonly Json[]> {
  const { node } = work;
  const over = node.over ?? [];
  return listFrom(node, evaluate(over, await scopeFor(engine, work.run, work.graph, [over])));
}

/**
 * How many items that list has, if they are another map's results and none of them has to be read; otherwise undefined.
 */
export async function knownCountOf(
  engine: Engine,
  { run, graph, node }: StepWork,
): Promise<number | undefined> {
  const source = childrenSource(graph, node.over);
  const map = source && (await engine.store.getStep({ runId: run.runId, step: source, index: "map" }));
  return map && hasResult(map) ? childrenOf(map) : undefined;
}

/**
 * Whether a map keeps its items for its children. It does if each child would otherwise read more than its own item:
 * all results of other maps, or a list that is large enough to be in S3.
 */
async function keepsItems(engine: Engine, { run, graph, node: { over } }: StepWork): Promise<boolean> {
  if (childrenSource(graph, over) !== undefined) return false;
  const sources = sourcesOf([over]);
  if (sources.some((source) => isMapped(graph, source))) return true;
  const results = await resultsNamed(engine.store, run.runId, sources);
  return results.some(({ output }) => "uri" in output);
}

/**
 * Keeps what the children of a map would otherwise each read in full: their list, and the results of other maps that are
 * part of their input. So what a child reads doesn't grow with the length of the list or the number of results.
 *
 * @param items the map's list, if it has been read
 */
export async function keepForChildren(
  engine: Engine,
  work: StepWork,
  items: readonly Json[] | undefined,
): Promise<void> {
  const { run, graph, node } = work;
  for (const source of sourcesOf([node.input, node.repeat?.until])) {
    if (!isMapped(graph, source) || (await keptResults(engine, run, source)) !== undefined) continue;
    const results = await resultsOfMap(engine, run, source);
    if (results !== undefined) await keepResults(engine, run, source, results);
  }
  if (items !== undefined && (await keepsItems(engine, work))) await keepItems(engine, run, node.name, items);
}

/** One item of that list. If the items are other maps' results, only that one is read. */
async function itemAt(engine: Engine, work: StepWork, index: number): Promise<Json> {
  const { run, graph, node } = work;
  const source = childrenSource(graph, node.over);
  if (source === undefined) {
    const isKept = await keepsItems(engine, work);
    const kept = isKept ? await keptItem(engine, run, node.name, index) : undefined;
    return kept === undefined ? ((await itemsOf(engine, work))[index] ?? null) : kept.item;
  }
  const record = await engine.store.getStep({ runId: run.runId, step: source, index });
  return record === undefined ? null : outputOf(engine, record);
}

/** The input of a step, or of one child of a mapped step. */
export async function inputOf(engine: Engine, work: StepWork, index: number): Promise<Json> {
  const { node } = work;
  const scope = await scopeOfStep(engine, work, [node.input]);
  if (node.over === undefined) return evaluate(node.input, scope);
  return evaluate(node.input, { ...scope, item: await itemAt(engine, work, index) });
}

/** The inputs of many children of a mapped step. Each upstream result is read once. */
export async function inputsOf(
  engine: Engine,
  work: StepWork,
  items: readonly Json[],
  indexes: readonly number[],
): Promise<Map<number, Json>> {
  const { node } = work;
  const scope = await scopeOfStep(engine, work, [node.input]);
  return new Map(
    indexes.map((index) => [index, evaluate(node.input, { ...scope, item: items[index] ?? null })]),
  );
}
