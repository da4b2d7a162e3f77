import * as z from "zod";
import { ctrTraining } from "../../../pipelines/ctr-training.ts";
import { poemDatalake } from "../../../pipelines/poem-datalake.ts";
import { ridgeSweep } from "../../../pipelines/ridge-sweep.ts";
import { graphHash } from "../../../shared/pipeline/graph.ts";
import { notice, type Pipeline, slack } from "../../../shared/pipeline/index.ts";
import { noticeNodes } from "../../../shared/pipeline/notice.ts";

/**
 * The pipeline as it's deployed to production, where a failure sends a notice. Here the notice is for the local stage.
 */
const told = {
  ...ctrTraining.graph,
  notices: noticeNodes([notice({ to: slack({ secret: "ctr-slack" }), stages: ["local"] })]),
};

/** The same, but the training takes many seconds on any machine, with a checkpoint after every 400 rows. */
const slow = {
  ...ctrTraining.graph,
  pipeline: "ctr-training-slow",
  steps: ctrTraining.graph.steps.map((step) =>
    step.name === "train"
      ? { ...step, input: { ...Object(step.input), chunkRows: 400, checkpointSeconds: 0 } }
      : step,
  ),
};

/** The same, but a run that a file starts trains two models and not six: each is a process that imports scikit-learn. */
const narrow = z.preprocess((params) => ({ alphas: [1, 0.00001], ...Object(params) }), ridgeSweep.params);

/** poem-datalake is deployed without its follower. poem-model.test.ts tests what follows it in the product. */
export const pipelines: readonly Pipeline[] = [
  poemDatalake,
  { ...ctrTraining, graph: told, graphHash: graphHash(told) },
  { ...ctrTraining, name: slow.pipeline, triggers: [], graph: slow, graphHash: graphHash(slow) },
  { ...ridgeSweep, params: narrow },
];
