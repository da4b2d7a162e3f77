import { type Graph, type StepNode, stepNamed } from "../pipeline/graph.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import { afterRunStepNode, isAfterRunStep } from "./after-run-step.ts";

/** A run's graph isn't stored, so nothing can be planned. */
export class GraphMissingError extends errorOf("GRAPH_MISSING") {}

/**
 * The graph that the run started with. If the deployed code has the same graph, that one is used; otherwise the stored
 * one, so that a run ends with the graph it started with.
 */
export async function graphOf(engine: Engine, run: Run): Promise<Graph> {
  const deployed = engine.pipelines.get(run.pipeline);
  if (deployed?.graphHash === run.graphHash) return deployed.graph;
  const stored = await engine.store.getGraph(run.graphHash);
  if (stored === undefined)
    throw new GraphMissingError(`run ${run.runId}: graph ${run.graphHash} is not stored`);
  return stored;
}

/** A node of a run's graph, or of a step that follows its end. Undefined if there is no such step. */
export async function nodeOf(
  engine: Engine,
  run: Run,
  step: string,
): Promise<{ graph: Graph; node: StepNode } | undefined> {
  const graph = await graphOf(engine, run);
  const node = isAfterRunStep(step) ? afterRunStepNode(engine, graph, step) : stepNamed(graph, step);
  return node && { graph, node };
}
