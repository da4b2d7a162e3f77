import { factsOf } from "./step-facts.ts";
import type { LossCause } from "./step-record.ts";
import {
  type ApprovalStep,
  type CacheSource,
  type ChildRun,
  type ChildStep,
  childrenOf,
  type EndedStep,
  type HeldStep,
  type JobAttempt,
  type JobStep,
  lossesTo,
  type MapStep,
  maxJobAttempts,
  type ObjectStep,
  type RetryingStep,
  type StepError,
  type StepJob,
  type StepRecord,
  type StoredValue,
  type SucceededStep,
  type TimedStep,
} from "./step-record.ts";

/** A record that tells of one more attempt that a job made. What is told again takes the place of what was. */
export function withJobAttempt<R extends StepRecord>(record: R, told: JobAttempt): R {
  const others = (record.jobAttempts ?? []).filter(
    ({ epoch, attempt }) => epoch !== told.epoch || attempt !== told.attempt,
  );
  return { ...record, jobAttempts: [...others, told].slice(-maxJobAttempts) };
}

/** A map's number of children goes along to its end. */
function childCount(record: StepRecord): { children?: number } {
  const children = childrenOf(record);
  return children === undefined ? {} : { children };
}

const iso = (now: number) => new Date(now).toISOString();

export function succeeded(record: StepRecord, output: StoredValue, now: number): SucceededStep {
  return { ...factsOf(record), ...childCount(record), state: "SUCCEEDED", output, endedAt: iso(now) };
}

/** Ended with the result of another run's step. */
export function cached(
  record: StepRecord,
  output: StoredValue,
  cachedFrom: CacheSource,
  now: number,
): SucceededStep {
  return { ...factsOf(record), state: "CACHED", output, cachedFrom, endedAt: iso(now) };
}

export function ended(
  record: StepRecord,
  state: EndedStep["state"],
  now: number,
  error?: StepError,
): EndedStep {
  return { ...factsOf(record), ...childCount(record), state, endedAt: iso(now), ...(error && { error }) };
}

/** A record that tells of more losses. @param times how many */
export function withLosses<R extends StepRecord>(record: R, cause: LossCause, times: number): R {
  if (times === 0) return record;
  return { ...record, losses: { ...record.losses, [cause]: lossesTo(record, cause) + times } };
}

/**
 * @param lostTo what the attempt was lost to; a failure of the step's own counts against its retries
 * @param times how often it was lost
 */
export function retrying(
  record: StepRecord,
  error: StepError,
  retryAt: number,
  lostTo?: LossCause,
  times = 1,
): RetryingStep {
  const counted =
    lostTo === undefined ? { ...record, failures: record.failures + 1 } : withLosses(record, lostTo, times);
  return {
    ...factsOf(counted),
    state: "RETRYING",
    retryAt,
    error,
  };
}

/** A held step whose jobs exist now. */
export function submitted(record: HeldStep, jobs: readonly StepJob[], children?: number): JobStep {
  return {
    ...factsOf(record),
    holder: "jobs",
    state: "SUBMITTED",
    jobs,
    ...(children !== undefined && { children }),
  };
}

/** A held map whose children may run now. */
export function expanded(record: HeldStep, children: number): MapStep {
  return { ...factsOf(record), holder: "children", state: "RUNNING", children };
}

/** A held step that a run of another pipeline works for. */
export function awaitingRun(record: HeldStep, child: ChildRun): ChildStep {
  return { ...factsOf(record), holder: "run", state: "RUNNING", child };
}

/** A held step that goes on at a time. @param wakeAt epoch milliseconds */
export function sleeping(record: HeldStep, wakeAt: number): TimedStep {
  return { ...factsOf(record), holder: "clock", state: "RUNNING", wakeAt };
}

/**
 * A step that makes another pass later, and so goes on at a time. Each pass has all of the step's retries: one that is
 * repeated for months must not fail by the few hiccups of all that time.
 *
 * @param wakeAt epoch milliseconds
 */
export function betweenPasses(record: StepRecord, wakeAt: number): TimedStep {
  const { losses: _losses, ...facts } = factsOf(record);
  return {
    ...facts,
    failures: 0,
    passes: (record.passes ?? 0) + 1,
    holder: "clock",
    state: "RUNNING",
    wakeAt,
  };
}

/** A held step that waits for an object. @param deadlineAt epoch milliseconds */
export function awaitingObject(record: HeldStep, uri: string, deadlineAt: number): ObjectStep {
  return { ...factsOf(record), holder: "object", state: "RUNNING", uri, deadlineAt };
}

/** A held step that waits for a person. @param deadlineAt epoch milliseconds */
export function awaitingApproval(record: HeldStep, message: string, deadlineAt: number): ApprovalStep {
  return { ...factsOf(record), holder: "person", state: "PAUSED", message, deadlineAt };
}
