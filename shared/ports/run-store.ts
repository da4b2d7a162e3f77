import type { Graph } from "../pipeline/graph.ts";
import type {
  EndState,
  Outcome,
  Run,
  RunError,
  RunningRun,
  RunState,
  RunSummary,
  WaitingRun,
} from "../state/run.ts";
import type { RunMove } from "../state/run-changes.ts";
import type { Slots, WaitingPlace } from "../state/slots.ts";
import type { FoundStep, StepKey, StepRecord } from "../state/step-record.ts";

/** Mark of one write of a step record. A record read earlier can be replaced only while its version still stands. */
export type Version = string;
export type StoredStep = StepRecord & { readonly version: Version };
/** What is read of a step: its record, or one that newer code has written, which this code must not replace. */
export type FoundRecord = FoundStep & { readonly version: Version };

/** What became of a write that expected a version. */
export type PutResult =
  | { readonly ok: true; readonly record: StoredStep }
  | { readonly ok: false; readonly current: FoundRecord | undefined };

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
export type RunFilter = {
  readonly pipeline?: string;
  readonly state?: RunState;
  readonly tag?: string;
  /** Runs that were asked for at this time or later, ISO 8601, UTC. */
  readonly since?: string;
  /** Runs that were asked for before this time. */
  readonly until?: string;
};

/**
 * A page of runs, and where the next one starts. It may hold fewer runs than asked for, even none, where most of what was
 * looked at is filtered out; the last page has no `next`.
 */
export type RunPage = { readonly runs: readonly RunSummary[]; readonly next?: string };

/**
 * All that is true about runs. Every write is idempotent: repeated after a lost response it changes nothing and gives
 * the same answer, except where it says otherwise. Reads are consistent unless they say otherwise.
 */
export type RunStore = {
  /** Stores a graph under its hash; graphs never change. */
  putGraph(hash: string, graph: Graph): Promise<void>;
  getGraph(hash: string): Promise<Graph | undefined>;

  /**
   * Stores a new run, due for the sweep at `dueAt` (epoch ms); one that is QUEUED joins its queue. `exists` when there is
   * a run of this id already. A repeated call says `exists` too, as nothing tells it from a second cause of the same run:
   * whoever is told `exists` has to go on as if the first caller had died right after creating the run.
   */
  createRun(run: WaitingRun | RunningRun, dueAt: number): Promise<"created" | "exists">;
  getRun(runId: string): Promise<Run | undefined>;
  /**
   * Adds a step to the run's progress and returns the run as it then is; undefined when steps of this epoch are no longer
   * counted. The first error stays.
   */
  joinRun(
    runId: string,
    epoch: number,
    step: number,
    outcome: Outcome,
    error?: RunError,
  ): Promise<Run | undefined>;
  /**
   * Changes the state of an active run in this epoch, if the table of transitions has it. The run as it then is, changed
   * or not; undefined if there is none. A run that needs slots does not begin by it, but by `admitRun`.
   */
  moveRun(runId: string, epoch: number, move: RunMove, dueAt: number): Promise<Run | undefined>;
  /**
   * Gives a QUEUED run a slot of each of its limits, all or none, and makes it RUNNING. `full` says that at least one has
   * none left; `gone` that the run is not QUEUED in this epoch, or no longer. `admitted` again for a run that runs since
   * exactly `activeSince`: that is the same call, repeated.
   */
  admitRun(run: Run, activeSince: string, dueAt: number): Promise<"admitted" | "full" | "gone">;
  /**
   * Ends an active run and frees its slots; false when it was not in a state before `to` in this epoch. True again for a
   * run that ended in this epoch in `to` at exactly `endedAt`: that is the same call, repeated. It stays due at `dueAt`,
   * until it is closed; without `dueAt` it is closed at once.
   */
  endRun(run: Run, to: EndState, endedAt: string, dueAt?: number): Promise<boolean>;
  /** An ended run needs no further look. Nothing happens when it was opened again. */
  closeRun(runId: string, epoch: number): Promise<void>;
  /**
   * Opens a run again that ended without success: the next epoch, with what was done and nothing else; RUNNING, or QUEUED
   * when it needs slots. Undefined when the run has not so ended in this epoch; the run again when this same call (same `dueAt`) has
   * just opened it.
   */
  reopenRun(run: Run, openedAt: string, dueAt: number): Promise<Run | undefined>;
  /** Runs that wait in a work queue, in the order of their priority, then of their coming. */
  waitingRuns(queue: string, limit: number): Promise<WaitingPlace[]>;
  /** Who holds a limit's slots, and what an operator set the limit to, if one did. */
  getSlots(limit: string): Promise<Slots>;
  /** Sets a limit for all runs from now on, whatever their definitions say; undefined gives it back to them. */
  setLimit(limit: string, slots: number | undefined): Promise<void>;
  /**
   * Ids of runs due at `now` or before, soonest due first; those due at the same time in no set order. May be
   * seconds out of date.
   */
  dueRuns(now: number, limit: number): Promise<string[]>;
  /** Moves a run's next look to `dueAt`. Nothing happens when the run is closed. */
  deferRun(runId: string, dueAt: number): Promise<void>;
  /**
   * Gives a run other tags; false when somebody else changed its tags since it was read. Repeated after a lost response it
   * says true again.
   */
  tagRun(run: Run, tags: readonly string[]): Promise<boolean>;
  /** Newest first, by an index that may be seconds out of date. */
  listRuns(filter: RunFilter, limit: number, from?: string): Promise<RunPage>;

  getStep(key: StepKey): Promise<FoundRecord | undefined>;
  /** Records in the order of their keys, each once; what is not there is left out. */
  getSteps(keys: readonly StepKey[]): Promise<FoundRecord[]>;
  /** Records of one step (its children in order, then the map) or of the whole run. */
  listSteps(runId: string, step?: string): Promise<FoundRecord[]>;
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
