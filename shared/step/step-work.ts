import type { Graph, StepNode } from "../pipeline/graph.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { TailCall } from "../run/tail-call.ts";
import type { Run } from "../state/run.ts";
import type { StepRecord } from "../state/step-record.ts";

/** The step that is being worked on: its run, the run's graph and its place in it. */
export type StepWork = {
  readonly run: Run;
  readonly graph: Graph;
  readonly node: StepNode;
  /** Where a job's end is dealt with: the version of the code that it was submitted for, undefined where nobody knew. */
  readonly ranVersion?: string | undefined;
  /** Of a worker that can go on with the next step by itself. */
  readonly tail?: TailCall;
};

/** A hint about a step's own record. */
export function hintFor({ runId, step, index }: StepRecord, epoch: number): StepMessage {
  return { runId, step, index, epoch };
}

/** What each line of the log says of the step that it is about. */
export function logFacts({ node: { tags } }: StepWork, { runId, step, index, attempt }: StepRecord) {
  return { runId, step, index, attempt, ...(tags && { tags }) };
}
