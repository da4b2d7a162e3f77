import type { NoticeTarget } from "../pipeline/graph.ts";
import { FatalError, RetryAfter } from "../pipeline/step-errors.ts";
import type { EndState } from "../state/run.ts";

/** What a notice tells of a run, as JSON: the body that a webhook gets. Times are ISO 8601 in UTC. */
export type RunNotice = {
  readonly version: 1;
  readonly stage: string;
  readonly pipeline: string;
  readonly run: { readonly id: string; readonly name: string };
  readonly state: EndState;
  /** 1, and one more for each time the run was retried by hand. */
  readonly epoch: number;
  readonly scheduledAt: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Why it was cancelled or timed out. */
  readonly reason?: string;
  /** The first failure. */
  readonly error?: {
    /** A child of a mapped step as `step[index]`. */
    readonly step: string;
    readonly name: string;
    readonly message: string;
    /** Where the log of the attempt is, and its page of the CloudWatch console. */
    readonly log?: string;
    readonly logUrl?: string;
  };
  /** Steps that failed, in the pipeline's order, at most {@link maxFailedSteps} of them. */
  readonly failedSteps: readonly string[];
  /** What to type to look at the run, and to have what did not succeed done again. */
  readonly commands: { readonly look: string; readonly retry?: string };
};

/** Failed steps that a notice names. */
export const maxFailedSteps = 20;

/** A notice on its way. */
export type Delivery = {
  readonly to: NoticeTarget;
  readonly notice: RunNotice;
  /** The same whenever the same notice is sent, so that a receiver can tell a repetition. */
  readonly key: string;
};

/** Tells people and their services of runs. */
export type Notifier = {
  /**
   * Delivers a notice. Sent again with the same key it may arrive again: only a webhook can tell by the key.
   *
   * @param signal aborted when the time for it is up
   * @throws NoticeRefusedError when no repetition can help
   * @throws NoticeDelayedError when the receiver says how long to wait
   * @throws NoticeFailedError when another try may do
   */
  send(delivery: Delivery, signal: AbortSignal): Promise<void>;
};

/** The receiver does not want it, or there is none: trying again cannot help. */
export class NoticeRefusedError extends FatalError {
  override readonly name = "NoticeRefusedError";
}

/** The receiver says when to come again. */
export class NoticeDelayedError extends RetryAfter {
  override readonly name = "NoticeDelayedError";
}

/** It could not be delivered now; it may have been received all the same. */
export class NoticeFailedError extends Error {
  override readonly name = "NoticeFailedError";
}
