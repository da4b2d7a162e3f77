import type { NoticeTarget } from "../pipeline/graph.ts";
import { errorOf, MillraceError } from "../pipeline/millrace-error.ts";
import type { EndState } from "../state/run.ts";

/** What a notice says about a run, as JSON: the body that a webhook gets. Times are ISO 8601 in UTC. */
export type RunNotice = {
  readonly version: 1;
  readonly stage: string;
  readonly pipeline: string;
  readonly run: { readonly id: string; readonly name: string };
  readonly state: EndState;
  /** 1, plus one for each time the run was retried by hand. */
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
    /** The code, if the error is one of docs/errors.md, and what to do. An error of the step's own code has neither. */
    readonly code?: string;
    readonly remedy?: string;
    /** Where the attempt's log is, and its page in the CloudWatch console. */
    readonly log?: string;
    readonly logUrl?: string;
  };
  /** Steps that failed, in the pipeline's order, at most {@link maxFailedSteps} of them. */
  readonly failedSteps: readonly string[];
  /** The commands to look at the run, and to retry what didn't succeed. */
  readonly commands: { readonly look: string; readonly retry?: string };
};

/** Maximum number of failed steps that a notice names. */
export const maxFailedSteps = 20;

/** A notice on its way. */
export type Delivery = {
  readonly to: NoticeTarget;
  readonly notice: RunNotice;
  /** The same each time the same notice is sent, so that a receiver can recognize a repetition. */
  readonly key: string;
};

/** Notifies people and their services about runs. */
export type Notifier = {
  /**
   * Delivers a notice. A notice that is sent again with the same key may arrive again: only a webhook can detect it by
   * the key.
   *
   * @param signal aborted when the time limit is reached
   * @throws NoticeRefusedError if no repetition can help
   * @throws NoticeDelayedError if the receiver says how long to wait
   * @throws NoticeFailedError if another try may help
   */
  send(delivery: Delivery, signal: AbortSignal): Promise<void>;
};

/** The receiver doesn't want it, or there is no receiver: trying again cannot help. */
export class NoticeRefusedError extends errorOf("NOTICE_REFUSED") {}

/** The receiver says when to try again. */
export class NoticeDelayedError extends MillraceError {
  constructor(message: string, seconds: number) {
    super("NOTICE_DELAYED", message, { retryAfter: seconds });
  }
}

/** It could not be delivered now; it may still have been received. */
export class NoticeFailedError extends errorOf("NOTICE_FAILED") {}
