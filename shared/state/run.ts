import type { Json } from "../pipeline/json.ts";

/** Why a run exists. */
export type Cause =
  | { kind: "object"; uri: string; versionId?: string }
  | { kind: "schedule"; schedule: string }
  | { kind: "manual"; by?: string }
  | { kind: "backfill"; backfill: string }
  /** The same parameters again, as a run of its own. */
  | { kind: "rerun"; runId: string }
  /** A run of another pipeline, which succeeded. */
  | { kind: "run"; pipeline: string; runId: string }
  /** A child step of another run: its result is that step's. `epoch`: that run's, when it first started this one. */
  | { kind: "step"; runId: string; step: string; index: number; epoch: number };

/** Step numbers by outcome: how far a run is. */
export type Progress = {
  readonly done: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
  readonly skipped: ReadonlySet<number>;
};

/** What a step adds to its run's progress when it ends. */
export type Outcome = keyof Progress;

/** A share of something limited: a run holds a slot of it while it is under way. */
export type Limit = { readonly name: string; readonly limit: number };

/** First failure of a run, in words. */
export type RunError = { step: string; name: string; message: string };

type RunFacts = {
  readonly runId: string;
  readonly pipeline: string;
  readonly graphHash: string;
  readonly name: string;
  readonly params: Json;
  readonly cause: Cause;
  /** The time that the run is for. ISO 8601, UTC, as all times of a run. */
  readonly scheduledAt: string;
  /** When it was asked for. */
  readonly startedAt: string;
  /** When this epoch got its slots and began; absent before. */
  readonly activeSince?: string;
  /** 1, and one more for each time the run was retried by hand. */
  readonly epoch: number;
  readonly progress: Progress;
  /** Work queue that it waits in, and its place there: the lower the sooner. */
  readonly queue: string;
  readonly priority: number;
  /** What it needs a slot of, as it was when the run was asked for; none for most runs. */
  readonly limits: readonly Limit[];
  /** What becomes of it when there is no slot: it waits, or it is cancelled. */
  readonly onCollision: "queue" | "cancel_new";
  /** Takes no cached results, and replaces them. */
  readonly refresh: boolean;
  /** What it is found by, in the order of the texts. */
  readonly tags: readonly string[];
  readonly error?: RunError;
};

/** Waits: for its time, or for a slot. Nothing of it runs yet. */
export type WaitingRun = RunFacts & { readonly state: "SCHEDULED" | "QUEUED" };
/** Under way. PAUSED: what runs ends, and nothing new starts. */
export type RunningRun = RunFacts & { readonly state: "RUNNING" | "PAUSED" };
/** Ends as soon as nothing works for it any more. */
export type CancellingRun = RunFacts & {
  readonly state: "CANCELLING";
  readonly endsAs: "CANCELLED" | "TIMED_OUT";
  readonly reason: string;
};
export type ActiveRun = WaitingRun | RunningRun | CancellingRun;
export type EndedRun = RunFacts & {
  readonly state: "SUCCEEDED" | "FAILED" | "CANCELLED" | "TIMED_OUT";
  readonly endedAt: string;
  /** Why it was cancelled or timed out. */
  readonly reason?: string;
};

/** One execution of a pipeline. A run without an end time has not ended. */
export type Run = ActiveRun | EndedRun;
export type RunState = Run["state"];
export type EndState = EndedRun["state"];

/**
 * Which run states may follow which; all that changes a run's state goes by this table. An ended run is opened again only
 * by an explicit retry, in a new epoch.
 */
export const runTransitions: Readonly<Record<RunState, readonly RunState[]>> = {
  SCHEDULED: ["QUEUED", "RUNNING", "CANCELLING"],
  QUEUED: ["RUNNING", "CANCELLING"],
  RUNNING: ["SUCCEEDED", "FAILED", "PAUSED", "CANCELLING"],
  PAUSED: ["RUNNING", "SUCCEEDED", "FAILED", "CANCELLING"],
  CANCELLING: ["CANCELLED", "TIMED_OUT"],
  SUCCEEDED: [],
  FAILED: ["RUNNING", "QUEUED"],
  CANCELLED: ["RUNNING", "QUEUED"],
  TIMED_OUT: ["RUNNING", "QUEUED"],
};

export const runStates = Object.keys(runTransitions) as RunState[];

/** States that a run may come from when it goes to another. */
export function statesBefore(to: RunState): RunState[] {
  return runStates.filter((from) => runTransitions[from].includes(to));
}

/** Progress of a run that just started. */
export const noProgress: Progress = { done: new Set(), failed: new Set(), skipped: new Set() };

/** Whether a run has ended. */
export function isEnded(run: Run): run is EndedRun {
  return "endedAt" in run;
}

/** Whether a run may still change by itself. */
export function isActive(run: Run): run is ActiveRun {
  return !isEnded(run);
}

/** Whether a run that ended so was stopped: somebody who did not know of it may have begun something since. */
export function wasStopped(state: RunState): boolean {
  return state === "CANCELLED" || state === "TIMED_OUT";
}

/** States in which steps that end are counted. */
export const joiningStates = ["RUNNING", "PAUSED", "CANCELLING"] as const satisfies readonly RunState[];

/** Whether what works for a run still counts: it is under way, and not being cancelled. */
export function isUnderWay(run: Run): run is RunningRun {
  return run.state === "RUNNING" || run.state === "PAUSED";
}
