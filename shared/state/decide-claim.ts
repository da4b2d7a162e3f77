import {
  type EndedStep,
  type HeldStep,
  hasEnded,
  isHeld,
  type JobStep,
  type MapStep,
  type RetryingStep,
  type StepKey,
  type StepRecord,
  type SucceededStep,
} from "./step-record.ts";

/** What became of the wish to work on a step. */
export type ClaimDecision =
  | { kind: "claim"; record: HeldStep }
  /** Ended in this epoch: its end may still have to be told to the run. */
  | { kind: "ended"; record: SucceededStep | EndedStep }
  /** Not now: another worker holds it, or its retry is not due. Epoch milliseconds. */
  | { kind: "later"; at: number; record: HeldStep | RetryingStep }
  /** Jobs or children hold it; their ends move it on. */
  | { kind: "away"; record: JobStep | MapStep }
  /** The message is of an epoch that has passed. */
  | { kind: "stale" };

/** Who wants to work on a step, and until when it may. Times in epoch milliseconds. */
export type ClaimRequest = {
  key: StepKey;
  epoch: number;
  state: HeldStep["state"];
  now: number;
  leaseUntil: number;
};

/**
 * Decides a claim. A record of an earlier epoch that did not succeed is begun anew; a lease that ran out passes on, as
 * a new attempt, except that a submission keeps its attempt: its job may exist already and is found by that name.
 */
export function decideClaim(current: StepRecord | undefined, request: ClaimRequest): ClaimDecision {
  const { key, epoch, state, now, leaseUntil } = request;
  const claim = (
    attempt: number,
    failures: number,
    startedAt = new Date(now).toISOString(),
  ): ClaimDecision => ({
    kind: "claim",
    record: { ...key, epoch, attempt, failures, holder: "worker", state, leaseUntil, startedAt },
  });
  if (current === undefined) return claim(1, 0);
  if (current.state === "SUCCEEDED") return { kind: "ended", record: current };
  if (current.epoch > epoch) return { kind: "stale" };
  if (current.epoch < epoch) return claim(1, 0);
  if (hasEnded(current)) return { kind: "ended", record: current };
  if (current.state === "RETRYING") {
    if (current.retryAt > now) return { kind: "later", at: current.retryAt, record: current };
    return claim(current.attempt + 1, current.failures);
  }
  if (!isHeld(current)) return { kind: "away", record: current };
  if (current.leaseUntil > now) return { kind: "later", at: current.leaseUntil, record: current };
  if (current.state === "SUBMITTED") return claim(current.attempt, current.failures, current.startedAt);
  return claim(current.attempt + 1, current.failures);
}
