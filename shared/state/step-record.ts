import type { Json } from "../pipeline/json.ts";

/** Place of a step record within its step: a child's index (0 for a step that is not mapped), or the map as a whole. */
export type StepIndex = number | "map";

/** Names one step record. */
export type StepKey = { readonly runId: string; readonly step: string; readonly index: StepIndex };

/** A result: small ones are kept where they are, larger ones in S3. */
export type StoredValue = { readonly value: Json } | { readonly uri: string };

/** An attempt's failure: what, and whether trying again can help. */
export type StepError = {
  readonly name: string;
  readonly message: string;
  /** First lines of the stack. */
  readonly stack?: readonly string[];
  /** Where the log of the attempt is. */
  readonly log?: string;
};

/** Batch jobs that work for a step; an array job covers many children. */
export type StepJob = { readonly id: string; readonly name: string };

type Facts = StepKey & {
  readonly epoch: number;
  /** From 1 within the epoch. */
  readonly attempt: number;
  /** Failures of this epoch that counted against the step's retries. */
  readonly failures: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
};

/** A worker holds the step until its lease ends; whoever finds the lease ended may take over. */
export type HeldStep = Facts & {
  readonly holder: "worker";
  readonly state: "RUNNING" | "SUBMITTED";
  /** Epoch milliseconds. */
  readonly leaseUntil: number;
};

/** A Batch job holds the step; the job's end, told by an event or found by the sweep, moves it on. */
export type JobStep = Facts & {
  readonly holder: "jobs";
  readonly state: "SUBMITTED" | "RUNNABLE" | "STARTING" | "RUNNING";
  readonly jobs: readonly StepJob[];
  readonly children?: number;
  /** Since when the job waits for a machine. Epoch milliseconds. */
  readonly runnableSince?: number;
};

/** A map whose children are on their way; its tallies tell how far they are. */
export type MapStep = Facts & {
  readonly holder: "children";
  readonly state: "RUNNING";
  readonly children: number;
};

/** Failed, and to be tried again. */
export type RetryingStep = Facts & {
  readonly state: "RETRYING";
  /** Epoch milliseconds. */
  readonly retryAt: number;
  readonly error: StepError;
};

export type SucceededStep = Facts & {
  readonly state: "SUCCEEDED";
  readonly endedAt: string;
  readonly output: StoredValue;
  readonly children?: number;
};

/** Ended without a result. */
export type EndedStep = Facts & {
  readonly state: "FAILED" | "TIMED_OUT" | "SKIPPED" | "CANCELLED";
  readonly endedAt: string;
  readonly error?: StepError;
  readonly children?: number;
};

/** What is stored of a step, or of one child of a mapped step. */
export type StepRecord = HeldStep | JobStep | MapStep | RetryingStep | SucceededStep | EndedStep;
export type StepState = StepRecord["state"];

/** Which stored states may follow which within an epoch. `undefined` is a step of which nothing is stored yet. */
export const stepTransitions: Readonly<Record<StepState, readonly StepState[]>> = {
  SUBMITTED: [
    "SUBMITTED",
    "RUNNABLE",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "RETRYING",
    "SKIPPED",
    "CANCELLED",
  ],
  RUNNABLE: ["STARTING", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "RETRYING", "CANCELLED"],
  STARTING: ["RUNNING", "RUNNABLE", "SUCCEEDED", "FAILED", "TIMED_OUT", "RETRYING", "CANCELLED"],
  RUNNING: ["RUNNING", "RUNNABLE", "SUCCEEDED", "FAILED", "TIMED_OUT", "RETRYING", "SKIPPED", "CANCELLED"],
  RETRYING: ["RUNNING", "SUBMITTED", "FAILED", "CANCELLED"],
  SUCCEEDED: [],
  FAILED: [],
  TIMED_OUT: [],
  SKIPPED: [],
  CANCELLED: [],
};

/** Whether a step has ended; what ended stays as it is within its epoch. */
export function hasEnded(record: StepRecord): record is SucceededStep | EndedStep {
  return stepTransitions[record.state].length === 0;
}

/** Whether a worker holds the step by a lease. */
export function isHeld(record: StepRecord): record is HeldStep {
  return "holder" in record && record.holder === "worker";
}

/** Whether Batch jobs hold the step. */
export function hasJobs(record: StepRecord): record is JobStep {
  return "holder" in record && record.holder === "jobs";
}

/** Whether the step is a map that waits for children of its own sending; those of an array job are Batch's. */
export function awaitsChildren(record: StepRecord): record is MapStep {
  return "holder" in record && record.holder === "children";
}

/** How many children a map has, once that is known; undefined for any other record. */
export function childrenOf(record: StepRecord): number | undefined {
  return "children" in record ? record.children : undefined;
}
