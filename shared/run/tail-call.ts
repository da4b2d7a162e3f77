import type { Graph, StepNode } from "../pipeline/graph.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { RunningRun } from "../state/run.ts";

/** The part of a worker's time, in milliseconds, that is reserved to commit and join a result. */
export const commitReserve = 3000;

/**
 * If workers have less time than a step's timeout, as on the local stack, the share of a worker's time that must be
 * left for the step.
 */
const shortWorkerShare = 0.8;

/** A step that a worker continues with: its hint, and the run as it was when the step became ready. */
export type NextStep = { readonly message: StepMessage; readonly run: RunningRun; readonly graph: Graph };

/**
 * The one step that a worker continues with after its current step has ended, so that a chain needs no hop through the
 * queue. The worker's message stays unacknowledged until then.
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

  /** Milliseconds that must be left for a step: its whole timeout, or most of a worker's time if that is less. */
  private needed({ timeout }: StepNode): number {
    return timeout * 1000 <= this.fresh ? timeout * 1000 : this.fresh * shortWorkerShare;
  }

  /** Takes a ready step if it's a function, no other was taken yet, and the remaining time suffices. */
  take(node: StepNode, next: NextStep, now: number): boolean {
    const fits = now + this.needed(node) + commitReserve <= this.deadline;
    if (this.next !== undefined || doneBy(node.task) !== "worker" || !fits) return false;
    this.next = next;
    return true;
  }
}
