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

/**
 * Outputs of upstream steps by name, without the steps that have none. A mapped step's output is the list of its
 * children's.
 */
async function loadOutputs(
  engine: ResultSource,
  run: Run,
  graph: Graph,
  names: readonly string[],
): Promise<ReadonlyMap<string, Json>> {
  const isMapped = (name: string) => stepNamed(graph, name)?.over !== undefined;
  const single = names.filter((name) => !isMapped(name));
  const outputs = new Map<string, Json>();
  for (const { step, output } of await resultsNamed(engine.store, run.runId, single)) {
    outputs.set(step, await loadValue(engine, output));
  }
  for (const name of names.filter(isMapped)) {
    const stored = await engine.store.listSteps(run.runId, name);
    const map = stored.map(knownStep).find(({ index }) => index === "map");
    if (map === undefined || !hasResult(map)) continue;
    const children = stored.filter(({ index }) => index !== "map");
    outputs.set(
      name,
      await mapConcurrently(children, (child) => outputOf(engine, child), maxConcurrentReads),
    );
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
): Promise<Scope> {
  const outputs = await loadOutputs(engine, run, graph, sourcesOf(expressions));
  return { params: run.params, run: runFacts(run), step: (name) => outputs.get(name) };
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

/** How many items that list has. If the items are another map's results, none of them is read. */
export async function countOf(engine: Engine, work: StepWork): Promise<number> {
  const { run, graph, node } = work;
  const source = childrenSource(graph, node.over);
  const map = source && (await engine.store.getStep({ runId: run.runId, step: source, index: "map" }));
  const children = map && hasResult(map) ? childrenOf(map) : undefined;
  return children ?? (await itemsOf(engine, work)).length;
}

/** One item of that list. If the items are another map's results, only that one is read. */
async function itemAt(engine: Engine, work: StepWork, index: number): Promise<Json> {
  const { run, graph, node } = work;
  const source = childrenSource(graph, node.over);
  if (source === undefined) return (await itemsOf(engine, work))[index] ?? null;
  const record = await engine.store.getStep({ runId: run.runId, step: source, index });
  return record === undefined ? null : outputOf(engine, record);
}

/** The input of a step, or of one child of a mapped step. */
export async function inputOf(engine: Engine, work: StepWork, index: number): Promise<Json> {
  const { node } = work;
  const scope = await scopeFor(engine, work.run, work.graph, [node.input]);
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
  const scope = await scopeFor(engine, work.run, work.graph, [node.input]);
  return new Map(
    indexes.map((index) => [index, evaluate(node.input, { ...scope, item: items[index] ?? null })]),
  );
}
