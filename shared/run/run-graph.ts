import { type Graph, type StepNode, stepNamed } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import { afterRunStepNode, isAfterRunStep } from "./after-run-step.ts";

/** A run's graph is not stored; nothing can be planned without it. */
export class GraphMissingError extends Error {
  override readonly name = "GraphMissingError";
}

/**
 * The graph that a run started with. That of the deployed code serves when it is the same; otherwise the stored one,
 * so that a run ends by the graph it started with.
 */
export async function graphOf(engine: Engine, run: Run): Promise<Graph> {
  const deployed = engine.pipelines.get(run.pipeline);
  if (deployed?.graphHash === run.graphHash) return deployed.graph;
  const stored = await engine.store.getGraph(run.graphHash);
  if (stored === undefined)
    throw new GraphMissingError(`run ${run.runId}: graph ${run.graphHash} is not stored`);
  return stored;
}

/** A step of a run's graph, or what follows its end; undefined when the graph has no such step. */
export async function nodeOf(
  engine: Engine,
  run: Run,
  step: string,
): Promise<{ graph: Graph; node: StepNode } | undefined> {
  const graph = await graphOf(engine, run);
  const node = isAfterRunStep(step) ? afterRunStepNode(engine, graph, step) : stepNamed(graph, step);
  return node && { graph, node };
}
