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

/** A graph for a stage that has no GPU; the same object if nothing differs. */
export function graphWithoutGpus(graph: Graph): Graph {
  const steps = graph.steps.map(onCpu);
  return steps.every((step, place) => step === graph.steps[place]) ? graph : { ...graph, steps };
}

/**
 * A pipeline for a stage that has no GPU: jobs that define `withoutGpu` get those resources. The changed graph is
 * stored with its runs like any other graph, so later readers of a run see the graph that it started with.
 */
export function withoutGpus(pipeline: Pipeline): Pipeline {
  const graph = graphWithoutGpus(pipeline.graph);
  if (graph === pipeline.graph) return pipeline;
  return Object.freeze({ ...pipeline, graph, graphHash: graphHash(graph) });
}
