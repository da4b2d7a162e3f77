import * as z from "zod";
import { NewerRecordError, openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";
import { countedEnd } from "./counted-end.ts";
import { spendingFields } from "./spending.ts";
import { codeFields } from "./step-record.ts";

const count = z.int().nonnegative();
const ordinal = z.int().positive();

/** Why a run exists. */
const cause = z.discriminatedUnion("kind", [
  openObject({
    kind: z.literal("object"),
    uri: z.string(),
    versionId: z.string().exactOptional(),
    /** S3's number of the version: later versions of the same key have higher ones. */
    sequencer: z.string().exactOptional(),
  }),
  openObject({ kind: z.literal("schedule"), schedule: z.string() }),
  openObject({ kind: z.literal("manual"), by: z.string().exactOptional() }),
  openObject({ kind: z.literal("backfill"), backfill: z.string() }),
  /** A rerun: a new run with an earlier run's parameters. */
  openObject({ kind: z.literal("rerun"), runId: z.string() }),
  /** A successful run of another pipeline. */
  openObject({ kind: z.literal("run"), pipeline: z.string(), runId: z.string() }),
  /**
   * A child step of another run, whose result this run provides. `epoch` is the epoch in which that run first started
   * this one.
   */
  openObject({
    kind: z.literal("step"),
    runId: z.string(),
    step: z.string(),
    index: count,
    epoch: ordinal,
  }),
]);
export type Cause = Stored<typeof cause>;

const stepNumbers = z.set(z.number());
/** A run's progress: step numbers by outcome. */
const progress = openObject({ done: stepNumbers, failed: stepNumbers, skipped: stepNumbers });
export type Progress = Stored<typeof progress>;

/** How a step counts in its run's progress when it ends. */
export type Outcome = keyof Progress;

/** A share of a limited resource: a run holds a slot of it while it is under way. */
const limit = openObject({ name: z.string(), limit: z.int() });
export type Limit = Stored<typeof limit>;

/** A run's first failure, in words. */
const runError = openObject({ step: z.string(), name: z.string(), message: z.string(), ...codeFields });
export type RunError = Stored<typeof runError>;

/** What a run has cost by its end: an estimate. */
const keptCost = openObject({
  /** The epoch with whose end it was counted. */
  epoch: ordinal,
  dollars: z.number(),
  /** Whether the true cost may be higher: a part isn't known. */
  atLeast: z.boolean(),
  /** The price list that it is based on. */
  prices: z.string(),
});
export type KeptCost = Stored<typeof keptCost>;

const runFacts = openObject({
  runId: z.string(),
  pipeline: z.string(),
  graphHash: z.string(),
  /** Git commit of the code that started it; absent if the functions don't know theirs, and for runs of older code. */
  commit: z.string().exactOptional(),
  name: z.string(),
  params: storedJson,
  cause,
  /** The time that the run is for. Like all times of a run, it is ISO 8601 in UTC. */
  scheduledAt: z.string(),
  /** When the run was requested. */
  startedAt: z.string(),
  /** When this epoch got its slots and began; absent before. */
  activeSince: z.string().exactOptional(),
  /** Starts at 1 and grows by 1 each time the run is retried by hand. */
  epoch: ordinal,
  progress,
  /** The work queue that it waits in, and its priority there: lower numbers go first. */
  queue: z.string(),
  priority: z.int(),
  /** The limits that it needs a slot of, as they were when the run was requested; empty for most runs. */
  limits: z.array(limit),
  /** What happens if there is no slot: the run waits, or it is cancelled. */
  onCollision: z.enum(["queue", "cancel_new"]),
  /** Uses no cached results, and replaces them. */
  refresh: z.boolean(),
  /** Tags to find it by, sorted by text. */
  tags: z.array(z.string()),
  /**
   * Who wants a run that a backfill started: ids of backfills, and other causes by their kind. Never empty. If it is
   * absent, only the run's cause wants it: `wantersOf` in `wanters.ts`.
   */
  wantedBy: z.set(z.string()).exactOptional(),
  error: runError.exactOptional(),
  ...spendingFields,
  /**
   * What it has cost in all its epochs: set with its end, removed when it is reopened. Older code neither sets nor
   * removes it, so it counts only if it is of this epoch: `costOf` in `kept-cost.ts`.
   */
  cost: keptCost.exactOptional(),
  /** What the figures by day hold of it: set with its end, removed when it is reopened. */
  counted: countedEnd.exactOptional(),
});

/** Waits for its time or for a slot. None of its steps is under way yet. */
const waitingRun = runFacts.extend({ state: z.enum(["SCHEDULED", "QUEUED"]) });
export type WaitingRun = Stored<typeof waitingRun>;

/** Under way. PAUSED: running steps end, and no new ones start. */
const runningRun = runFacts.extend({ state: z.enum(["RUNNING", "PAUSED"]) });
export type RunningRun = Stored<typeof runningRun>;

/** Ends as soon as nothing is working for it. */
const cancellingRun = runFacts.extend({
  state: z.literal("CANCELLING"),
  endsAs: z.enum(["CANCELLED", "TIMED_OUT"]),
  reason: z.string(),
});
export type CancellingRun = Stored<typeof cancellingRun>;
export type ActiveRun = WaitingRun | RunningRun | CancellingRun;

const endedRun = runFacts.extend({
  state: z.enum(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]),
  endedAt: z.string(),
  /** Why it was cancelled or timed out. */
  reason: z.string().exactOptional(),
});
export type EndedRun = Stored<typeof endedRun>;

/** Every kind of run. The state distinguishes them. */
export const runKinds = [waitingRun, runningRun, cancellingRun, endedRun] as const;

/**
 * One execution of a pipeline. A run without an end time hasn't ended. Fields that newer code adds stay with the run.
 */
export const runRecord = z.discriminatedUnion("state", runKinds);
export type Run = ActiveRun | EndedRun;
export type RunState = Run["state"];
export type EndState = EndedRun["state"];

const listedFacts = {
  runId: true,
  pipeline: true,
  name: true,
  scheduledAt: true,
  startedAt: true,
  tags: true,
} as const;

/**
 * The fields of a run that lists show. The indexes hold these fields (resources/storage.yml). A list that isn't read
 * from an index also shows fields that newer code has added. A state that this code doesn't know is shown unchanged.
 */
export const runSummary = runFacts
  .pick(listedFacts)
  .extend({ state: z.string(), endedAt: z.string().exactOptional() });
export type RunSummary = Stored<typeof runSummary>;

const notListed: ReadonlySet<string> = new Set(
  runKinds.flatMap(({ shape }) => Object.keys(shape)).filter((name) => !(name in runSummary.shape)),
);

/** Makes a list entry from all fields of a run, or from the fields that an index has. */
export function summaryOf(run: object): RunSummary {
  return runSummary.parse(Object.fromEntries(Object.entries(run).filter(([name]) => !notListed.has(name))));
}

/**
 * Which run states may follow which; every change of a run's state obeys this table. An ended run is reopened only by
 * an explicit retry, in a new epoch.
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

/** Whether this code knows the state of a run that never left this process. */
export function isKnownRun({ state }: Run): boolean {
  return Object.hasOwn(runTransitions, state);
}

/**
 * Checks a run that never left this process. The only thing to check is that this code knows its state.
 *
 * @throws NewerRecordError
 */
export function knownRun(run: Run): Run {
  if (isKnownRun(run)) return run;
  throw new NewerRecordError(`run ${run.runId}`, `state ${JSON.stringify(run.state)}`);
}

export const runStates = Object.keys(runTransitions) as RunState[];

/** States from which a run may go to a given state. */
export function statesBefore(to: RunState): RunState[] {
  return runStates.filter((from) => runTransitions[from].includes(to));
}

/** Progress of a run that has just started. */
export const noProgress: Progress = { done: new Set(), failed: new Set(), skipped: new Set() };

/** Whether a run has counted a step's end, in whichever way it ended. */
export function hasJoined({ progress: { done, failed, skipped } }: Pick<Run, "progress">, step: number) {
  return done.has(step) || failed.has(step) || skipped.has(step);
}

/** Whether a run has ended. */
export function isEnded(run: Run): run is EndedRun {
  return "endedAt" in run;
}

/** Whether a run can still change without being reopened. */
export function isActive(run: Run): run is ActiveRun {
  return !isEnded(run);
}

/**
 * Whether a run that ended with this state was stopped. Code that didn't know of the stop may have begun something
 * since.
 */
export function wasStopped(state: RunState): boolean {
  return state === "CANCELLED" || state === "TIMED_OUT";
}

/** States in which the ends of steps are counted. */
export const joiningStates = ["RUNNING", "PAUSED", "CANCELLING"] as const satisfies readonly RunState[];

/** Whether work for a run still counts: the run is under way and isn't being cancelled. */
export function isUnderWay(run: Run): run is RunningRun {
  return run.state === "RUNNING" || run.state === "PAUSED";
}
