import type { Graph } from "../pipeline/graph.ts";
import type { ActiveRun, EndState, Outcome, Run, RunError, RunState } from "../state/run.ts";
import type { StepKey, StepRecord } from "../state/step-record.ts";

/** Mark of one write of a step record. A record read earlier can be replaced only while its version still stands. */
export type Version = string;
export type StoredStep = StepRecord & { readonly version: Version };

/** What became of a write that expected a version. */
export type PutResult =
  | { readonly ok: true; readonly record: StoredStep }
  | { readonly ok: false; readonly current: StoredStep | undefined };

/** Which of a mapped step's counts is meant: one shard of its children, or the map's own count of its shards. */
export type TallyKey = { readonly runId: string; readonly step: string; readonly shard: number | "map" };

/** How many of `size` members of a map ended, and how. */
export type Tally = {
  readonly size: number;
  readonly epoch: number;
  readonly done: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
};

/** Which runs to list; newest first. */
export type RunFilter = { pipeline?: string; state?: RunState };

/** A page of runs, and where the next one starts. */
export type RunPage = { readonly runs: readonly RunSummary[]; readonly next?: string };
export type RunSummary = Pick<Run, "runId" | "pipeline" | "name" | "state" | "scheduledAt" | "startedAt"> & {
  endedAt?: string;
};

/**
 * All that is true about runs. Every write is idempotent: repeated after a lost response it changes nothing and gives
 * the same answer, except where it says otherwise. Reads are consistent unless they say otherwise.
 */
export type RunStore = {
  /** Stores a graph under its hash; graphs never change. */
  putGraph(hash: string, graph: Graph): Promise<void>;
  getGraph(hash: string): Promise<Graph | undefined>;

  /**
   * Stores a new run, due for the sweep at `dueAt` (epoch ms). `exists` when there is a run of this id already. A
   * repeated call says `exists` too, as nothing tells it from a second cause of the same run: whoever is told `exists`
   * has to go on as if the first caller had died right after creating the run.
   */
  createRun(run: ActiveRun, dueAt: number): Promise<"created" | "exists">;
  getRun(runId: string): Promise<Run | undefined>;
  /**
   * Adds a step to the run's progress and returns the run as it then is; undefined when the run is not active in this
   * epoch. The first error stays.
   */
  joinRun(
    runId: string,
    epoch: number,
    step: number,
    outcome: Outcome,
    error?: RunError,
  ): Promise<Run | undefined>;
  /** RUNNING → CANCELLING, due for the sweep at `dueAt`. The run as it then is, whatever its state; undefined if none. */
  requestCancel(runId: string, dueAt: number): Promise<Run | undefined>;
  /**
   * Ends an active run; false when it was not in `from` in this epoch. True again for a run that ended in this epoch
   * in `to` at exactly `endedAt`: that is the same call, repeated.
   */
  endRun(
    runId: string,
    epoch: number,
    from: ActiveRun["state"],
    to: EndState,
    endedAt: string,
  ): Promise<boolean>;
  /**
   * Opens a failed or cancelled run again: RUNNING, the next epoch, failures forgotten. Undefined when the run is not
   * FAILED or CANCELLED in this epoch; the run again when this same call (same `dueAt`) has just opened it.
   */
  reopenRun(runId: string, epoch: number, dueAt: number): Promise<Run | undefined>;
  /**
   * Ids of active runs due at `now` or before, soonest due first; those due at the same time in no set order. May be
   * seconds out of date.
   */
  dueRuns(now: number, limit: number): Promise<string[]>;
  /** Moves an active run's next look to `dueAt`. Nothing happens when the run is not active. */
  deferRun(runId: string, dueAt: number): Promise<void>;
  /** Newest first, by an index that may be seconds out of date. */
  listRuns(filter: RunFilter, limit: number, from?: string): Promise<RunPage>;

  getStep(key: StepKey): Promise<StoredStep | undefined>;
  /** Records in the order of their keys, each once; what is not there is left out. */
  getSteps(keys: readonly StepKey[]): Promise<StoredStep[]>;
  /** Records of one step (its children in order, then the map) or of the whole run. */
  listSteps(runId: string, step?: string): Promise<StoredStep[]>;
  /** Replaces the record of version `previous` (undefined: there must be none). */
  putStep(next: StepRecord, previous: Version | undefined): Promise<PutResult>;

  /** Makes a tally; one of an earlier epoch keeps what is done and forgets what failed; one of this epoch stays. */
  openTally(key: TallyKey, epoch: number, size: number): Promise<void>;
  /** Adds a member to a tally and returns it; undefined when there is none of this epoch. */
  joinTally(
    key: TallyKey,
    epoch: number,
    member: number,
    outcome: Exclude<Outcome, "skipped">,
  ): Promise<Tally | undefined>;
  getTally(key: TallyKey): Promise<Tally | undefined>;
};
