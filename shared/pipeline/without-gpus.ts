import { type Graph, graphHash, type StepNode } from "./graph.ts";
import type { Pipeline } from "./pipeline.ts";

function onCpu(node: StepNode): StepNode {
  const { task } = node;
  if (task.kind !== "batch" || task.resources.gpus === 0) return node;
  const { withoutGpu } = task.resources;
  if (withoutGpu === undefined) return node;
  return {
    ...node,
    task: { ...task, resources: { ...task.resources, ...withoutGpu, queue: "cpu", gpus: 0 } },
  };
}

/** A graph as it is in a stage that has no GPU; the same one where nothing differs. */
export function graphWithoutGpus(graph: Graph): Graph {
  const steps = graph.steps.map(onCpu);
  return steps.every((step, place) => step === graph.steps[place]) ? graph : { ...graph, steps };
}

/**
 * A pipeline as it is in a stage that has no GPU: jobs that say what they can do without one do so. It is another graph,
 * stored with its runs like any other, so that whoever looks after a run later sees what it was started with.
 */
export function withoutGpus(pipeline: Pipeline): Pipeline {
  const graph = graphWithoutGpus(pipeline.graph);
  if (graph === pipeline.graph) return pipeline;
  return Object.freeze({ ...pipeline, graph, graphHash: graphHash(graph) });
}
