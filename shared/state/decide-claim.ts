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
  type StepRecord,
  type SucceededStep,
  type SuspendedStep,
  type TimedStep,
} from "./step-record.ts";

/** What became of the wish to work on a step. */
export type ClaimDecision =
  | { kind: "claim"; record: HeldStep }
  /** Ended in this epoch: its end may still have to be told to the run. */
  | { kind: "ended"; record: SucceededStep | EndedStep }
  /** Not now: another worker holds it, or its time has not come. Epoch milliseconds. */
  | { kind: "later"; at: number; record: HeldStep | RetryingStep | TimedStep }
  /** Jobs, children, another run, an object or a person hold it, and move it on; or it is a wait that is over. */
  | { kind: "suspended"; record: SuspendedStep }
  /** Its worker died: the attempt has failed by that, and whoever finds it says so. */
  | { kind: "lost"; record: HeldStep }
  /** Newer code wrote it, and goes on with it. */
  | { kind: "newer"; record: NewerStep }
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

function claimed(
  { state, leaseUntil }: ClaimRequest,
  facts: StepFacts & Pick<HeldStep, "refusals">,
): ClaimDecision {
  return { kind: "claim", record: { ...facts, holder: "worker", state, leaseUntil } };
}

/** The claim of the attempt that follows. */
function claimedAnew(request: ClaimRequest, before: StepRecord): ClaimDecision {
  return claimed(request, nextFacts(before, request.now));
}

/** The end of a lease that its worker gave up by itself: the next one goes on with the attempt, and nothing was lost. */
export const letGoLease = 0;

/** What becomes of a step whose lease has ended. */
function afterLease(lapsed: HeldStep, request: ClaimRequest): ClaimDecision {
  // A submission keeps its attempt: its job may exist already and is found by that name.
  if (lapsed.state !== "SUBMITTED" && lapsed.leaseUntil !== letGoLease) {
    return { kind: "lost", record: lapsed };
  }
  const { refusals } = lapsed;
  return claimed(request, { ...factsOf(lapsed), ...(refusals !== undefined && { refusals }) });
}

/**
 * What follows when a step's time has come. Another pass is another attempt; a wait is over, and nobody may get hold of it
 * who could lose it and have it begin anew.
 */
function wake(sleeping: TimedStep, request: ClaimRequest): ClaimDecision {
  if (sleeping.passes === undefined) return { kind: "suspended", record: sleeping };
  return claimedAnew(request, sleeping);
}

/**
 * Decides a claim. A record of an earlier epoch without a result is begun anew; one whose lease ran out has lost its
 * attempt.
 */
export function decideClaim(current: FoundStep | undefined, request: ClaimRequest): ClaimDecision {
  const { key, epoch, now } = request;
  if (current === undefined) return claimed(request, firstFacts(key, epoch, now));
  // In whichever epoch: it may be a result, which stays.
  if (isNewer(current)) return { kind: "newer", record: current };
  if (hasResult(current)) return { kind: "ended", record: current };
  if (current.epoch > epoch) return { kind: "stale" };
  if (current.epoch < epoch) return claimed(request, firstFacts(key, epoch, now, current));
  if (hasEnded(current)) return { kind: "ended", record: current };
  if (current.state === "RETRYING") {
    if (current.retryAt > now) return { kind: "later", at: current.retryAt, record: current };
    return claimedAnew(request, current);
  }
  if (current.holder === "clock") {
    if (current.wakeAt > now) return { kind: "later", at: current.wakeAt, record: current };
    return wake(current, request);
  }
  if (!isHeld(current)) return { kind: "suspended", record: current };
  if (current.leaseUntil > now) return { kind: "later", at: current.leaseUntil, record: current };
  return afterLease(current, request);
}
