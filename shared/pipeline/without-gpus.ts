import type { Pipeline } from "./define-pipeline.ts";
import { graphHash, type StepNode } from "./graph.ts";

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

/**
 * A pipeline as it is in a stage that has no GPU: jobs that say what they can do without one do so. It is another graph,
 * stored with its runs like any other, so that whoever looks after a run later sees what it was started with.
 */
export function withoutGpus(pipeline: Pipeline): Pipeline {
  const steps = pipeline.graph.steps.map(onCpu);
  if (steps.every((step, place) => step === pipeline.graph.steps[place])) return pipeline;
  const graph = { ...pipeline.graph, steps };
  return Object.freeze({ ...pipeline, graph, graphHash: graphHash(graph) });
}
