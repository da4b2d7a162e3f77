import { factsOf, firstFacts, nextFacts } from "./step-facts.ts";
import {
  type EndedStep,
  type FoundStep,
  type HeldStep,
  hasEnded,
  hasResult,
  isHeld,
  isNewer,
  type NewerStep,
  type RetryingStep,
  type StepFacts,
  type StepKey,
  type StepOutline,
  type StepRecord,
  type SucceededStep,
  type SuspendedStep,
  type TimedStep,
} from "./step-record.ts";

/** The result of a request to work on a step. */
export type ClaimDecision =
  | { kind: "claim"; record: HeldStep }
  /** It ended in this epoch. Its end may still have to be joined to the run. */
  | { kind: "ended"; record: SucceededStep | EndedStep }
  /** Not now: another worker holds it, or its time hasn't come. `at` is in epoch milliseconds. */
  | { kind: "later"; at: number; record: HeldStep | RetryingStep | TimedStep }
  /** Its holder (jobs, children, another run, an object, a person) moves it on. Or it is a wait whose time has come. */
  | { kind: "suspended"; record: SuspendedStep }
  /** Its worker died, so the attempt has failed. The caller records that. */
  | { kind: "lost"; record: HeldStep }
  /** Newer code wrote it and continues it. */
  | { kind: "newer"; record: NewerStep }
  /** The message belongs to an earlier epoch. */
  | { kind: "stale" };

/** Which step a worker wants to work on, and until when it may. Times are in epoch milliseconds. */
export type ClaimRequest = {
  key: StepKey;
  epoch: number;
  state: HeldStep["state"];
  now: number;
  leaseUntil: number;
};

function claimed(
  { state, leaseUntil }: ClaimRequest,
  facts: StepFacts & Pick<HeldStep, "refusals">,
): ClaimDecision {
  return { kind: "claim", record: { ...facts, holder: "worker", state, leaseUntil } };
}

/** Claims the next attempt. */
function claimNextAttempt(request: ClaimRequest, before: StepRecord): ClaimDecision {
  return claimed(request, nextFacts(before, request.now));
}

/**
 * The lease end of a worker that gave up its lease itself: the next worker continues the attempt, and nothing was lost.
 */
export const releasedLease = 0;

/** Decides what happens to a step whose lease has ended. */
function afterLease(lapsed: HeldStep, request: ClaimRequest): ClaimDecision {
  // A submission keeps its attempt: its job may exist already, and is found by the attempt's name.
  if (lapsed.state !== "SUBMITTED" && lapsed.leaseUntil !== releasedLease) {
    return { kind: "lost", record: lapsed };
  }
  const { refusals } = lapsed;
  return claimed(request, { ...factsOf(lapsed), ...(refusals !== undefined && { refusals }) });
}

/**
 * Decides what happens when a step's time has come. A repeated step begins its next pass, which is another attempt. A
 * wait ends without a claim: if a worker claimed it and died, the wait would start again.
 */
function wake(sleeping: TimedStep, request: ClaimRequest): ClaimDecision {
  if (sleeping.passes === undefined) return { kind: "suspended", record: sleeping };
  return claimNextAttempt(request, sleeping);
}

/**
 * The attempt that a hint asks for if it's sent now: the one under way, or the one that a worker would begin.
 *
 * @param record what is stored of the step, if anything
 * @param epoch the run's epoch
 */
export function attemptAhead(record: StepOutline | undefined, epoch: number): number {
  if (record === undefined || record.epoch < epoch) return 1;
  const isBetween =
    record.state === "RETRYING" ||
    ("holder" in record && record.holder === "clock" && record.passes !== undefined);
  return isBetween ? record.attempt + 1 : record.attempt;
}

/**
 * Decides a claim. A record of an earlier epoch without a result begins again; a record whose lease ran out has lost
 * its attempt.
 */
export function decideClaim(current: FoundStep | undefined, request: ClaimRequest): ClaimDecision {
  const { key, epoch, now } = request;
  if (current === undefined) return claimed(request, firstFacts(key, epoch, now));
  // This applies in every epoch: the record may contain a result, which stays.
  if (isNewer(current)) return { kind: "newer", record: current };
  if (hasResult(current)) return { kind: "ended", record: current };
  if (current.epoch > epoch) return { kind: "stale" };
  if (current.epoch < epoch) return claimed(request, firstFacts(key, epoch, now, current));
  if (hasEnded(current)) return { kind: "ended", record: current };
  if (current.state === "RETRYING") {
    if (current.retryAt > now) return { kind: "later", at: current.retryAt, record: current };
    return claimNextAttempt(request, current);
  }
  if (current.holder === "clock") {
    if (current.wakeAt > now) return { kind: "later", at: current.wakeAt, record: current };
    return wake(current, request);
  }
  if (!isHeld(current)) return { kind: "suspended", record: current };
  if (current.leaseUntil > now) return { kind: "later", at: current.leaseUntil, record: current };
  return afterLease(current, request);
}
