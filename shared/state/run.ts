import type { Json } from "../pipeline/json.ts";

/** Why a run exists. */
export type Cause =
  | { kind: "object"; uri: string; versionId?: string }
  | { kind: "schedule"; schedule: string }
  | { kind: "manual"; by?: string };

/** Step numbers by outcome: how far a run is. */
export type Progress = {
  readonly done: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
  readonly skipped: ReadonlySet<number>;
};

/** What a step adds to its run's progress when it ends. */
export type Outcome = keyof Progress;

type RunFacts = {
  readonly runId: string;
  readonly pipeline: string;
  readonly graphHash: string;
  readonly name: string;
  readonly params: Json;
  readonly cause: Cause;
  /** The time that the run is for. ISO 8601, UTC, as all times of a run. */
  readonly scheduledAt: string;
  readonly startedAt: string;
  /** 1, and one more for each time the run was retried by hand. */
  readonly epoch: number;
  readonly progress: Progress;
};

/** First failure of a run, in words. */
export type RunError = { step: string; name: string; message: string };

export type ActiveRun = RunFacts & { readonly state: "RUNNING" | "CANCELLING"; readonly error?: RunError };
export type EndedRun = RunFacts & {
  readonly state: "SUCCEEDED" | "FAILED" | "CANCELLED";
  readonly endedAt: string;
  readonly error?: RunError;
};

/** One execution of a pipeline. A run without an end time has not ended. */
export type Run = ActiveRun | EndedRun;
export type RunState = Run["state"];
export type EndState = EndedRun["state"];

/** Which run states may follow which. An ended run is opened again only by an explicit retry, in a new epoch. */
export const runTransitions: Readonly<Record<RunState, readonly RunState[]>> = {
  RUNNING: ["SUCCEEDED", "FAILED", "CANCELLING"],
  CANCELLING: ["CANCELLED"],
  SUCCEEDED: [],
  FAILED: ["RUNNING"],
  CANCELLED: ["RUNNING"],
};

/** Progress of a run that just started. */
export const noProgress: Progress = { done: new Set(), failed: new Set(), skipped: new Set() };

/** Whether a run may still change by itself. */
export function isActive(run: Run): run is ActiveRun {
  return run.state === "RUNNING" || run.state === "CANCELLING";
}
