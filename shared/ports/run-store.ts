import type { Graph } from "../pipeline/graph.ts";
import type { DayFigures, FiguresFilter } from "../state/figures.ts";
import type { Outcome, Run, RunError, RunningRun, RunState, RunSummary, WaitingRun } from "../state/run.ts";
import type { RunEnd, RunMove } from "../state/run-changes.ts";
import type { Slots, WaitingPlace } from "../state/slots.ts";
import type { Price, Spending } from "../state/spending.ts";
import type { ApprovalStep, FoundStep, StepKey, StepOutline, StepRecord } from "../state/step-record.ts";

/**
 * Identifies one write of a step record. A record that was read can be replaced only while its version is still
 * current.
 */
export type Version = string;
export type StoredStep = StepRecord & { readonly version: Version };
/** What a read of a step finds: its record, or one that newer code has written, which this code must not replace. */
export type FoundRecord = FoundStep & { readonly version: Version };

/** The outcome of a write that expected a version. */
export type PutResult =
  | { readonly ok: true; readonly record: StoredStep }
  | { readonly ok: false; readonly current: FoundRecord | undefined };

/** Identifies one of a mapped step's counts: one shard of its children, or the map's own count of its shards. */
export type TallyKey = { readonly runId: string; readonly step: string; readonly shard: number | "map" };

/** How many of `size` members of a map have ended and how, and what they have cost in this epoch. */
export type Tally = Spending & {
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
  /** Runs that were requested at this time or later, ISO 8601, UTC. */
  readonly since?: string;
  /** Runs that were requested before this time. */
  readonly until?: string;
};

/**
 * A page of runs, and where the next page starts. A page may hold fewer runs than requested, even none, if the filter
 * drops most of what was searched. The last page has no `next`.
 */
export type RunPage = { readonly runs: readonly RunSummary[]; readonly next?: string };

/** A page of records, and where the next page starts. The last page has no `next`. */
export type Page<T> = { readonly records: readonly T[]; readonly next?: string };

/** Whose records to list: the whole run's, one step's, or those of the children in one shard of a map. */
export type StepsPlace = { readonly step?: string; readonly shard?: number };

/**
 * Whether a run was admitted. `gone`: the run is not, or no longer, QUEUED in this epoch. `full`: the limits that have
 * no slot left, at least one.
 */
export type Admission = "admitted" | "gone" | { readonly full: readonly string[] };

/**
 * The truth about runs. Every write is idempotent unless stated otherwise: repeated after a lost response, it changes
 * nothing and gives the same answer. Reads are consistent unless stated otherwise.
 */
export type RunStore = {
  /** Stores a graph under its hash; graphs never change. */
  putGraph(hash: string, graph: Graph): Promise<void>;
  getGraph(hash: string): Promise<Graph | undefined>;

  /**
   * Stores a new run, due for the sweep at `dueAt` (epoch ms); a QUEUED run joins its queue. Returns `exists` if there
   * already is a run with this id. A repeated call also returns `exists`, because nothing distinguishes it from a
   * second cause of the same run. A caller that gets `exists` must therefore go on as if the first caller had died
   * right after it created the run.
   */
  createRun(run: WaitingRun | RunningRun, dueAt: number): Promise<"created" | "exists">;
  /**
   * The time (ISO 8601) of a cause of a pipeline's runs: that of the first event about the cause. So the same cause
   * gives the same run, even if a later event has another time.
   */
  firstTimeOf(pipeline: string, cause: string, at: string): Promise<string>;
  getRun(runId: string): Promise<Run | undefined>;
  /**
   * Runs in the order of their ids, each once. Missing ones are left out, and so are those in a state that only newer
   * code knows.
   */
  getRuns(runIds: readonly string[]): Promise<Run[]>;
  /**
   * Adds a step to the run's progress and its price to what the run has spent, and returns the run after the change;
   * undefined if steps of this epoch are no longer counted. A step that the run has joined already changes nothing.
   * The first error stays.
   */
  joinRun(
    runId: string,
    epoch: number,
    step: number,
    outcome: Outcome,
    error?: RunError,
    price?: Price,
  ): Promise<Run | undefined>;
  /**
   * Changes the state of an active run in this epoch, if the table of transitions allows it. Returns the run after the
   * call, changed or not; undefined if there is none. A run that needs slots begins through `admitRun` and not through
   * this.
   */
  moveRun(runId: string, epoch: number, move: RunMove, dueAt: number): Promise<Run | undefined>;
  /**
   * Gives a QUEUED run a slot of each of its limits, all or none, and makes it RUNNING. For a run that has been running
   * since exactly `activeSince`, it returns `admitted` again: that is the same call, repeated.
   */
  admitRun(run: Run, activeSince: string, dueAt: number): Promise<Admission>;
  /**
   * Ends an active run and frees its slots; false if the run was not in a state before `to` in this epoch. For a run
   * that ended in this epoch in `to` at exactly `endedAt`, it returns true again: that is the same call, repeated. The
   * run stays due at `dueAt` until it is closed; without `dueAt` it is closed at once. With a price of `unjoined`
   * steps, it is also false if a step has joined since the run was read. The same write adds the run to the figures of
   * the day. If they hold an earlier end of it, which older code has not taken back, that is replaced.
   */
  endRun(run: Run, end: RunEnd, dueAt?: number): Promise<boolean>;
  /** Marks an ended run as needing no further look. Nothing happens if the run was opened again. */
  closeRun(runId: string, epoch: number): Promise<void>;
  /**
   * Reopens a run that ended without success. It enters the next epoch and keeps only what was done and what was spent;
   * its cost is taken back, and so is its end from the figures by day, because both are counted again at the next end.
   * It becomes RUNNING, or QUEUED if it needs slots. A run that a backfill started is wanted by `wanter` from then on (a
   * person, if omitted), and by nobody else. Returns undefined if the run has not ended in this way in this epoch. If
   * this same call (same `dueAt`) has just opened the run, it returns the run again.
   */
  reopenRun(run: Run, openedAt: string, dueAt: number, wanter?: string): Promise<Run | undefined>;
  /**
   * The first places of a work queue, by priority, then in the order of arrival. Reads up to `limit` places of each
   * lane.
   */
  waitingRuns(queue: string, limit: number): Promise<WaitingPlace[]>;
  /** The first place of each lane of a work queue, in no set order. Reads little, however many runs wait. */
  firstInLanes(queue: string): Promise<WaitingPlace[]>;
  /** The place that follows in the same lane; undefined if there is none. */
  nextInLane(place: WaitingPlace): Promise<WaitingPlace | undefined>;
  /**
   * Removes a place whose run is not QUEUED: older code may leave one behind. Nothing happens if the run is QUEUED,
   * even if it became so just now.
   */
  removePlace(place: WaitingPlace): Promise<void>;
  /** Who holds a limit's slots, and the limit that an operator set, if there is one. */
  getSlots(limit: string): Promise<Slots>;
  /**
   * Sets a limit for all runs from now on, whatever their definitions say. With undefined, the definitions apply again.
   */
  setLimit(limit: string, slots: number | undefined): Promise<void>;
  /**
   * Ids of runs due at `now` or before, soonest due first; runs due at the same time come in no set order. May be
   * seconds out of date.
   */
  dueRuns(now: number, limit: number): Promise<string[]>;
  /** Moves a run's next look to `dueAt`. Nothing happens if the run is closed, or isn't in `state` if that's given. */
  deferRun(runId: string, dueAt: number, state?: RunState): Promise<void>;
  /**
   * Replaces a run's tags; false if another writer changed them since the run was read. Repeated after a lost response,
   * it returns true again.
   */
  tagRun(run: Run, tags: readonly string[]): Promise<boolean>;
  /**
   * Replaces who wants a run; false if another writer changed that since the run was read, or if the run has ended, is
   * being cancelled, or is of another epoch. Repeated after a lost response, it returns true again.
   */
  setWanters(run: Run, wantedBy: ReadonlySet<string>): Promise<boolean>;
  /** The runs that ended, by day and pipeline, newest day first. May be a second out of date. */
  listFigures(filter: FiguresFilter): Promise<DayFigures[]>;
  /** Newest first, from an index that may be seconds out of date. */
  listRuns(filter: RunFilter, limit: number, from?: string): Promise<RunPage>;

  getStep(key: StepKey): Promise<FoundRecord | undefined>;
  /** Records in the order of their keys, each once; missing ones are left out. */
  getSteps(keys: readonly StepKey[]): Promise<FoundRecord[]>;
  /**
   * Records of one step (its children in order, then the map) or of the whole run, with all results. Only
   * callers that need the results use this; all others take outlines or open records, page by page.
   */
  listSteps(runId: string, step?: string): Promise<FoundRecord[]>;
  /**
   * The first approvals that wait for a person, in all runs, soonest deadline first. The write that makes an
   * approval wait also lists it, and the write that ends it removes it from the list. The list may be seconds out of
   * date; its records aren't.
   */
  waitingApprovals(limit: number): Promise<(ApprovalStep & StoredStep)[]>;
  /** A page of the outlines of one step, or of the whole run, in the order of {@link RunStore.listSteps}. */
  outlineSteps(runId: string, step?: string, from?: string): Promise<Page<StepOutline>>;
  /**
   * A page of the records that have not ended: of the run, of one step, or of the children in one shard of a map. A page
   * may be empty although others follow.
   */
  openSteps(runId: string, place: StepsPlace, from?: string): Promise<Page<FoundRecord>>;
  /** Replaces the record of version `previous` (undefined: there must be none). */
  putStep(next: StepRecord, previous: Version | undefined): Promise<PutResult>;

  /**
   * Creates a tally. A tally of an earlier epoch keeps what is done, and forgets what failed and what was spent; one of
   * this epoch stays.
   */
  openTally(key: TallyKey, epoch: number, size: number): Promise<void>;
  /**
   * Adds a member and its price to a tally and returns the tally; undefined if there is none of this epoch. A member that
   * it counts already changes nothing.
   */
  joinTally(
    key: TallyKey,
    epoch: number,
    member: number,
    outcome: Exclude<Outcome, "skipped">,
    price?: Price,
  ): Promise<Tally | undefined>;
  getTally(key: TallyKey): Promise<Tally | undefined>;
  /** The tallies of a map's shards, in order. One query, because a map has at most 50 shards. */
  listTallies(runId: string, step: string): Promise<Tally[]>;
};
