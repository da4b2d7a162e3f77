import { ctrTraining } from "../../pipelines/ctr-training.ts";
import { graphHash } from "../../shared/pipeline/graph.ts";
import { notice, type Pipeline, slack } from "../../shared/pipeline/index.ts";
import { noticeNodes } from "../../shared/pipeline/notice.ts";

/** The pipeline as it is deployed to production, where a failure is told: here in the local stage. */
const graph = {
  ...ctrTraining.graph,
  notices: noticeNodes([notice({ to: slack({ secret: "ctr-slack" }), stages: ["local"] })]),
};

export const pipelines: readonly Pipeline[] = [{ ...ctrTraining, graph, graphHash: graphHash(graph) }];
