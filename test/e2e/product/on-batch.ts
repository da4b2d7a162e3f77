import { ridgeSweep } from "../../../pipelines/ridge-sweep.ts";
import { type Graph, graphHash } from "../../../shared/pipeline/graph.ts";
import type { Pipeline } from "../../../shared/pipeline/index.ts";

const name = "ridge-sweep-on-batch";

const graph: Graph = {
  ...ridgeSweep.graph,
  pipeline: name,
  steps: ridgeSweep.graph.steps.map((step) => {
    const { task } = step;
    if (task.kind !== "batch") return step;
    return { ...step, task: { ...task, resources: { ...task.resources, runs: "batch" } } };
  }),
};

/** The same as ridge-sweep, but all of its jobs get machines of AWS Batch. Only people start it. */
export const ridgeSweepOnBatch: Pipeline = {
  ...ridgeSweep,
  ...{ name, triggers: [], graph, graphHash: graphHash(graph) },
};
