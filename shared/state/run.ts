import * as z from "zod";
import { NewerRecordError, openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";

const count = z.int().nonnegative();
const ordinal = z.int().positive();

/** Why a run exists. */
const cause = z.discriminatedUnion("kind", [
  openObject({ kind: z.literal("object"), uri: z.string(), versionId: z.string().exactOptional() }),
  openObject({ kind: z.literal("schedule"), schedule: z.string() }),
  openObject({ kind: z.literal("manual"), by: z.string().exactOptional() }),
  openObject({ kind: z.literal("backfill"), backfill: z.string() }),
  /** The same parameters again, as a run of its own. */
  openObject({ kind: z.literal("rerun"), runId: z.string() }),
  /** A run of another pipeline, which succeeded. */
  openObject({ kind: z.literal("run"), pipeline: z.string(), runId: z.string() }),
  /** A child step of another run: its result is that step's. `epoch`: that run's, when it first started this one. */
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
/** Step numbers by outcome: how far a run is. */
const progress = openObject({ done: stepNumbers, failed: stepNumbers, skipped: stepNumbers });
export type Progress = Stored<typeof progress>;

/** What a step adds to its run's progress when it ends. */
export type Outcome = keyof Progress;

/** A share of something limited: a run holds a slot of it while it is under way. */
const limit = openObject({ name: z.string(), limit: z.int() });
export type Limit = Stored<typeof limit>;

/** First failure of a run, in words. */
const runError = openObject({ step: z.string(), name: z.string(), message: z.string() });
export type RunError = Stored<typeof runError>;

const runFacts = openObject({
  runId: z.string(),
  pipeline: z.string(),
  graphHash: z.string(),
  name: z.string(),
  params: storedJson,
  cause,
  /** The time that the run is for. ISO 8601, UTC, as all times of a run. */
  scheduledAt: z.string(),
  /** When it was asked for. */
  startedAt: z.string(),
  /** When this epoch got its slots and began; absent before. */
  activeSince: z.string().exactOptional(),
  /** 1, and one more for each time the run was retried by hand. */
  epoch: ordinal,
  progress,
  /** Work queue that it waits in, and its place there: the lower the sooner. */
  queue: z.string(),
  priority: z.int(),
  /** What it needs a slot of, as it was when the run was asked for; none for most runs. */
  limits: z.array(limit),
  /** What becomes of it when there is no slot: it waits, or it is cancelled. */
  onCollision: z.enum(["queue", "cancel_new"]),
  /** Takes no cached results, and replaces them. */
  refresh: z.boolean(),
  /** What it is found by, in the order of the texts. */
  tags: z.array(z.string()),
  error: runError.exactOptional(),
});

/** Waits: for its time, or for a slot. Nothing of it runs yet. */
const waitingRun = runFacts.extend({ state: z.enum(["SCHEDULED", "QUEUED"]) });
export type WaitingRun = Stored<typeof waitingRun>;

/** Under way. PAUSED: what runs ends, and nothing new starts. */
const runningRun = runFacts.extend({ state: z.enum(["RUNNING", "PAUSED"]) });
export type RunningRun = Stored<typeof runningRun>;

/** Ends as soon as nothing works for it any more. */
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

/** Every kind of run. The state tells them apart. */
export const runKinds = [waitingRun, runningRun, cancellingRun, endedRun] as const;

/** One execution of a pipeline. A run without an end time has not ended. What newer code adds stays with the run. */
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
 * What lists show of a run. The indexes hold these fields (resources/storage.yml). A list also shows what newer code has
 * added, where the list is not read from an index; a state that this code does not know is shown as it is.
 */
export const runSummary = runFacts
  .pick(listedFacts)
  .extend({ state: z.string(), endedAt: z.string().exactOptional() });
export type RunSummary = Stored<typeof runSummary>;

const notListed: ReadonlySet<string> = new Set(
  runKinds.flatMap(({ shape }) => Object.keys(shape)).filter((name) => !(name in runSummary.shape)),
);

/** What lists show of a run, from all of its fields or from those that an index has. */
export function summaryOf(run: object): RunSummary {
  return runSummary.parse(Object.fromEntries(Object.entries(run).filter(([name]) => !notListed.has(name))));
}

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

/**
 * A run that never left this process: all that has to be asked of it is whether it has a state that this code knows.
 *
 * @throws NewerRecordError
 */
export function knownRun(run: Run): Run {
  if (Object.hasOwn(runTransitions, run.state)) return run;
  throw new NewerRecordError(`run ${run.runId}`, `state ${JSON.stringify(run.state)}`);
}

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
