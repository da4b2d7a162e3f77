import type { NoticeTarget } from "../pipeline/graph.ts";
import { FatalError, RetryAfter } from "../pipeline/step-errors.ts";
import type { RunNotice } from "./run-notice.ts";

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
