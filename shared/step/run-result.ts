import { evaluate } from "../pipeline/expression.ts";
import type { Graph } from "../pipeline/graph.ts";
import type { Json } from "../pipeline/json.ts";
import type { Run } from "../state/run.ts";
import { type ResultSource, scopeFor } from "./step-input.ts";

/**
 * The result of a run that succeeded: the value that its pipeline's definition returned, or null if it returned
 * nothing.
 *
 * @throws ExpressionError if that value uses a result that the run doesn't have, such as that of a skipped step
 * @throws ValueMissingError if a result's object is gone
 */
export async function resultOf(engine: ResultSource, run: Run, graph: Graph): Promise<Json> {
  if (graph.output === undefined) return null;
  return evaluate(graph.output, await scopeFor(engine, run, graph, [graph.output]));
}
