import { ctrTraining } from "../../../pipelines/ctr-training.ts";
import { poemDatalake } from "../../../pipelines/poem-datalake.ts";
import { graphHash } from "../../../shared/pipeline/graph.ts";
import { notice, type Pipeline, slack } from "../../../shared/pipeline/index.ts";
import { noticeNodes } from "../../../shared/pipeline/notice.ts";

/** The pipeline as it is deployed to production, where a failure is told: here in the local stage. */
const told = {
  ...ctrTraining.graph,
  notices: noticeNodes([notice({ to: slack({ secret: "ctr-slack" }), stages: ["local"] })]),
};

/** The same with a training of many seconds on any machine: a checkpoint after every 400 rows. */
const slow = {
  ...ctrTraining.graph,
  pipeline: "ctr-training-slow",
  steps: ctrTraining.graph.steps.map((step) =>
    step.name === "train"
      ? { ...step, input: { ...Object(step.input), chunkRows: 400, checkpointSeconds: 0 } }
      : step,
  ),
};

/** poem-datalake is alone: what follows it in the product is tested in poem-model.test.ts. */
export const pipelines: readonly Pipeline[] = [
  poemDatalake,
  { ...ctrTraining, graph: told, graphHash: graphHash(told) },
  { ...ctrTraining, name: slow.pipeline, triggers: [], graph: slow, graphHash: graphHash(slow) },
];
