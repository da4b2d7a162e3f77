import type { Graph, StepNode } from "../pipeline/graph.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { RunningRun } from "../state/run.ts";

/** The part of a worker's time, in milliseconds, that is kept for committing and telling of a result. */
export const commitReserve = 3000;

/**
 * Of workers whose time is shorter than a step's timeout, as on the local stack, the share of it that the step must find.
 */
const shortWorkerShare = 0.8;

/** A step that a worker goes on with: its hint, and the run as it was when the step became ready. */
export type NextStep = { readonly message: StepMessage; readonly run: RunningRun; readonly graph: Graph };

/**
 * The one step that a worker goes on with by itself when the step that it works on has ended, so that a chain needs no
 * hop through the queue. The message that the worker holds stays unacknowledged until then.
 */
export class TailCall {
  next: NextStep | undefined;
  private readonly deadline: number;
  /** Milliseconds that a worker has for a step when it takes a message. */
  private readonly fresh: number;

  /**
   * @param begun when the worker took its message, epoch milliseconds
   * @param deadline when the worker must have ended, epoch milliseconds
   */
  constructor(begun: number, deadline: number) {
    this.deadline = deadline;
    this.fresh = deadline - begun - commitReserve;
  }

  /** Milliseconds that a step must find: all that it may take, or nearly what workers have, where these have less. */
  private needed({ timeout }: StepNode): number {
    return timeout * 1000 <= this.fresh ? timeout * 1000 : this.fresh * shortWorkerShare;
  }

  /** Takes a ready step, if it is a function, none was taken yet, and the time left covers it. */
  take(node: StepNode, next: NextStep, now: number): boolean {
    const fits = now + this.needed(node) + commitReserve <= this.deadline;
    if (this.next !== undefined || doneBy(node.task) !== "worker" || !fits) return false;
    this.next = next;
    return true;
  }
}
