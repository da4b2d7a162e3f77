import { evaluate } from "../pipeline/expression.ts";
import type { Graph } from "../pipeline/graph.ts";
import type { Json } from "../pipeline/json.ts";
import type { Run } from "../state/run.ts";
import { type ResultSource, scopeFor } from "./step-input.ts";

/**
 * What a run that succeeded gives to others: what its pipeline's definition returned, null for nothing.
 *
 * @throws ExpressionError when that names a result that the run has not, as of a step that was skipped
 * @throws ValueMissingError when a result's object is gone
 */
export async function resultOf(engine: ResultSource, run: Run, graph: Graph): Promise<Json> {
  if (graph.output === undefined) return null;
  return evaluate(graph.output, await scopeFor(engine, run, graph, [graph.output]));
}
