import type { Graph, StepNode } from "../pipeline/graph.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { TailCall } from "../run/tail-call.ts";
import { attemptAhead } from "../state/decide-claim.ts";
import type { Run } from "../state/run.ts";
import type { KnownOutline, StepRecord } from "../state/step-record.ts";

/** The step that a worker handles: its run, the run's graph and its node. */
export type StepWork = {
  readonly run: Run;
  readonly graph: Graph;
  readonly node: StepNode;
  /** When a job's end is handled, the version of the code that submitted the job; undefined if unknown. */
  readonly ranVersion?: string | undefined;
  /** Present if the worker can continue with the next step itself. */
  readonly tail?: TailCall;
};

/** A hint about a step's own record: it asks for the attempt that a worker would make. */
export function hintFor(record: KnownOutline, epoch: number): StepMessage {
  const { runId, step, index } = record;
  return { runId, step, index, epoch, attempt: attemptAhead(record, epoch) };
}

/** The facts about a step that each line of its log has. */
export function logFacts({ node: { tags } }: StepWork, { runId, step, index, attempt }: StepRecord) {
  return { runId, step, index, attempt, ...(tags && { tags }) };
}
