import {
  childrenOf,
  type EndedStep,
  type HeldStep,
  type JobStep,
  type MapStep,
  type RetryingStep,
  type StepError,
  type StepJob,
  type StepRecord,
  type StoredValue,
  type SucceededStep,
} from "./step-record.ts";

/** The facts that every state shares, without what belongs to one state alone. */
function factsOf({ runId, step, index, epoch, attempt, failures, startedAt }: StepRecord) {
  return { runId, step, index, epoch, attempt, failures, startedAt };
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

export function ended(
  record: StepRecord,
  state: EndedStep["state"],
  now: number,
  error?: StepError,
): EndedStep {
  return { ...factsOf(record), ...childCount(record), state, endedAt: iso(now), ...(error && { error }) };
}

/** @param counts whether the failure counts against the step's retries */
export function retrying(
  record: StepRecord,
  error: StepError,
  retryAt: number,
  counts: boolean,
): RetryingStep {
  return {
    ...factsOf(record),
    failures: record.failures + (counts ? 1 : 0),
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
