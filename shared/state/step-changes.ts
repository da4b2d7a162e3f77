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
  isHeld,
  type JobAttempt,
  type JobStep,
  lossesTo,
  type MapStep,
  maxFunctionAttempts,
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

/** Adds a job's attempt to a record. An attempt that is reported again replaces the earlier report. */
export function withJobAttempt<R extends StepRecord>(record: R, jobAttempt: JobAttempt): R {
  const others = (record.jobAttempts ?? []).filter(
    ({ epoch, attempt }) => epoch !== jobAttempt.epoch || attempt !== jobAttempt.attempt,
  );
  return { ...record, jobAttempts: [...others, jobAttempt].slice(-maxJobAttempts) };
}

/**
 * Adds the attempt that ends now to a record, if a worker ran a function in it.
 *
 * @param now epoch milliseconds
 * @param error why it failed; omitted for a pass of a repeated step
 */
export function withFunctionAttempt<R extends StepRecord>(record: R, now: number, error?: StepError): R {
  if (!isHeld(record) || record.state !== "RUNNING" || record.index === "map") return record;
  const { epoch, attempt, leaseUntil, functionAttempts = [] } = record;
  const startedAt = Date.parse(record.startedAt);
  // A worker that was lost has worked until the end of its lease, at most.
  const endedAt = leaseUntil > startedAt ? Math.min(now, leaseUntil) : now;
  const { name, code } = { code: undefined, ...error };
  const ended = {
    ...{ epoch, attempt, startedAt, endedAt: Math.max(startedAt, endedAt) },
    ...(name !== undefined && { error: { name, ...(code !== undefined && { code }) } }),
  };
  return { ...record, functionAttempts: [...functionAttempts, ended].slice(-maxFunctionAttempts) };
}

/** A map's record keeps its number of children when it ends. */
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
  const submitting = state === "CANCELLED" && isHeld(record) && record.state === "SUBMITTED";
  return {
    ...{ ...factsOf(record), ...childCount(record), state, endedAt: iso(now) },
    ...(error && { error }),
    ...(submitting && { submitting }),
  };
}

/** Adds losses to a record. @param times how many */
export function withLosses<R extends StepRecord>(record: R, cause: LossCause, times: number): R {
  if (times === 0) return record;
  return { ...record, losses: { ...record.losses, [cause]: lossesTo(record, cause) + times } };
}

/**
 * @param lostTo the cause of a loss; if undefined, the failure is the step's own and counts against its retries
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

/** A held step after its jobs were submitted. */
export function submitted(record: HeldStep, jobs: readonly StepJob[], children?: number): JobStep {
  return {
    ...factsOf(record),
    holder: "jobs",
    state: "SUBMITTED",
    jobs,
    ...(children !== undefined && { children }),
  };
}

/** A held map whose children may now run. */
export function expanded(record: HeldStep, children: number): MapStep {
  return { ...factsOf(record), holder: "children", state: "RUNNING", children };
}

/** A held step that waits for a run of another pipeline. */
export function awaitingRun(record: HeldStep, child: ChildRun): ChildStep {
  return { ...factsOf(record), holder: "run", state: "RUNNING", child };
}

/** A held step that continues at a given time. @param wakeAt epoch milliseconds */
export function sleeping(record: HeldStep, wakeAt: number): TimedStep {
  return { ...factsOf(record), holder: "clock", state: "RUNNING", wakeAt };
}

/**
 * A step that waits for the time of its next pass. Each pass gets all of the step's retries: a step that is repeated
 * for months must not fail because of a few failures over all that time.
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
  return { ...factsOf(record), holder: "person", state: "PAUSED", message, deadlineAt, listed: true };
}
