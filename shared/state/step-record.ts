import * as z from "zod";
import { openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";

const count = z.int().nonnegative();
const ordinal = z.int().positive();
/** Epoch milliseconds. */
const milliseconds = z.number();

/** Place of a step record within its step: a child's index (0 for a step that is not mapped), or the map as a whole. */
const stepIndex = z.union([count, z.literal("map")]);
export type StepIndex = z.infer<typeof stepIndex>;

const stepKey = { runId: z.string(), step: z.string(), index: stepIndex };
/** Names one step record. */
export type StepKey = { readonly runId: string; readonly step: string; readonly index: StepIndex };

/** A result: small ones are kept where they are, larger ones in S3. */
export const storedValue = z.union([openObject({ value: storedJson }), openObject({ uri: z.string() })]);
export type StoredValue = Stored<typeof storedValue>;

/** An attempt's failure: what, and whether trying again can help. */
const stepError = openObject({
  name: z.string(),
  message: z.string(),
  /** Where it was thrown: of a function the first lines of the stack, of a job the last. */
  stack: z.array(z.string()).exactOptional(),
  /** Where the log of the attempt is. */
  log: z.string().exactOptional(),
});
export type StepError = Stored<typeof stepError>;

/** Batch jobs that work for a step; an array job covers many children. */
const stepJob = openObject({ id: z.string(), name: z.string() });
export type StepJob = Stored<typeof stepJob>;

/** What a job said it used: the most memory at once, in bytes, and CPU time, in seconds. */
const jobUsage = openObject({ peakMemoryBytes: z.number(), cpuSeconds: z.number() });
export type JobUsage = Stored<typeof jobUsage>;

/** One try of a Batch job: Batch itself repeats what was not the job's fault. */
const jobTry = openObject({
  /** Where its log is: `group:stream`. */
  log: z.string().exactOptional(),
  startedAt: milliseconds.exactOptional(),
  endedAt: milliseconds.exactOptional(),
  /** Why Batch made another, in its words. */
  reason: z.string().exactOptional(),
});
export type JobTry = Stored<typeof jobTry>;

/** What is kept of an attempt that a Batch job made. */
const jobAttempt = openObject({
  epoch: ordinal,
  attempt: ordinal,
  /** Batch's id of the job. */
  job: z.string(),
  state: z.enum(["SUCCEEDED", "FAILED"]),
  /** What it had of a machine, memory in MiB, and from which queue. */
  vcpus: z.number(),
  memory: z.number(),
  gpus: z.number().exactOptional(),
  queue: z.string(),
  /** The image that ran, by its digest where it has one: `ridge@sha256:…`. */
  image: z.string().exactOptional(),
  /** Absent for one that was ended before it could say. */
  usage: jobUsage.exactOptional(),
  /** Why it failed. */
  reason: z.string().exactOptional(),
  tries: z.array(jobTry),
});
export type JobAttempt = Stored<typeof jobAttempt>;

/** Attempts of jobs that a record keeps, the last ones: a step may be tried or repeated thousands of times. */
export const maxJobAttempts = 10;

/** The run that a child step waits for, in the epoch that it waits for. */
const childRun = openObject({ runId: z.string(), epoch: ordinal });
export type ChildRun = Stored<typeof childRun>;

/** Where a cached result came from. */
export const cacheSource = openObject({ runId: z.string(), step: z.string(), index: count });
export type CacheSource = Stored<typeof cacheSource>;

/** A person's yes or no to an approval, or that of its default. */
const answer = openObject({
  approved: z.boolean(),
  by: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  comment: z.string().exactOptional(),
});
export type Answer = Stored<typeof answer>;

const losses = openObject({
  worker: count.exactOptional(),
  spot: count.exactOptional(),
  image: count.exactOptional(),
  start: count.exactOptional(),
  job: count.exactOptional(),
  capacity: count.exactOptional(),
  throttling: count.exactOptional(),
  memory: count.exactOptional(),
});
export type Losses = Stored<typeof losses>;
/** What an attempt may be lost to without having failed itself. Counted apart from the step's own retries. */
export type LossCause = keyof Losses;

/** What a record says in whichever state. Which of it goes along to the next attempt, step-facts.ts says. */
export const stepFacts = openObject({
  ...stepKey,
  epoch: ordinal,
  /** From 1 within the epoch. */
  attempt: ordinal,
  /** Failures of this epoch that counted against the step's retries. */
  failures: count,
  /** Attempts of this epoch that were lost, by cause. */
  losses: losses.exactOptional(),
  /** Passes that a repeated step has made. */
  passes: count.exactOptional(),
  /** Of a child step, once there is one. A retry opens the same run again. */
  child: childRun.exactOptional(),
  /** Of a Batch step: the last attempts that jobs made, {@link maxJobAttempts} at most, in order. */
  jobAttempts: z.array(jobAttempt).exactOptional(),
  /** Of an approval that was answered. */
  answer: answer.exactOptional(),
  /** Digest of the list that a map is over, where a retry may find it over another: see list-digest.ts. */
  list: z.string().exactOptional(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
});
export type StepFacts = Stored<typeof stepFacts>;

/**
 * A worker holds the step until its lease ends. Whoever finds that then says that the attempt is lost; only a submission,
 * or a lease that its worker gave up, is taken over as it is (decide-claim.ts).
 */
const heldStep = stepFacts.extend({
  holder: z.enum(["worker"]),
  state: z.enum(["RUNNING", "SUBMITTED"]),
  leaseUntil: milliseconds,
  /** How often this attempt's submission failed, throttling apart. */
  refusals: count.exactOptional(),
});
export type HeldStep = Stored<typeof heldStep>;

/** A Batch job holds the step; the job's end, told by an event or found by the sweep, moves it on. */
const jobStep = stepFacts.extend({
  holder: z.enum(["jobs"]),
  state: z.enum(["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"]),
  jobs: z.array(stepJob),
  children: count.exactOptional(),
  /** Since when the job waits for a machine. */
  runnableSince: milliseconds.exactOptional(),
  /** Since when the job runs. */
  runningSince: milliseconds.exactOptional(),
  /** Where the log of the running job is: `group:stream`. */
  log: z.string().exactOptional(),
});
export type JobStep = Stored<typeof jobStep>;

/** A map whose children are on their way; its tallies tell how far they are. */
const mapStep = stepFacts.extend({
  holder: z.enum(["children"]),
  state: z.enum(["RUNNING"]),
  children: count,
});
export type MapStep = Stored<typeof mapStep>;

/** A run of another pipeline holds the step; that run's end moves it on. */
const childStep = stepFacts.extend({
  holder: z.enum(["run"]),
  state: z.enum(["RUNNING"]),
  child: childRun,
});
export type ChildStep = Stored<typeof childStep>;

/** Goes on when a time has come: a wait, or the pause between two passes. */
const timedStep = stepFacts.extend({
  holder: z.enum(["clock"]),
  state: z.enum(["RUNNING"]),
  wakeAt: milliseconds,
});
export type TimedStep = Stored<typeof timedStep>;

/** Waits for an object in S3. */
const objectStep = stepFacts.extend({
  holder: z.enum(["object"]),
  state: z.enum(["RUNNING"]),
  uri: z.string(),
  deadlineAt: milliseconds,
});
export type ObjectStep = Stored<typeof objectStep>;

/** Waits for a person's yes or no. */
const approvalStep = stepFacts.extend({
  holder: z.enum(["person"]),
  state: z.enum(["PAUSED"]),
  message: z.string(),
  deadlineAt: milliseconds,
});
export type ApprovalStep = Stored<typeof approvalStep>;

/** Failed, and to be tried again. */
const retryingStep = stepFacts.extend({
  state: z.enum(["RETRYING"]),
  retryAt: milliseconds,
  error: stepError,
});
export type RetryingStep = Stored<typeof retryingStep>;

const withResult = stepFacts.extend({
  endedAt: z.string(),
  output: storedValue,
  children: count.exactOptional(),
});
const ownResult = withResult.extend({ state: z.enum(["SUCCEEDED"]) });
const cachedResult = withResult.extend({ state: z.enum(["CACHED"]), cachedFrom: cacheSource });
/** Ended with a result: its own, or one that an earlier run made of the same code and input. */
export type SucceededStep = Stored<typeof ownResult> | Stored<typeof cachedResult>;

/** Ended without a result. */
const endedStep = stepFacts.extend({
  state: z.enum(["FAILED", "TIMED_OUT", "SKIPPED", "CANCELLED"]),
  endedAt: z.string(),
  error: stepError.exactOptional(),
  children: count.exactOptional(),
});
export type EndedStep = Stored<typeof endedStep>;

/** Every kind of record. Holder and state tell them apart. */
export const stepKinds = [
  ...[heldStep, jobStep, mapStep, childStep, timedStep, objectStep, approvalStep],
  ...[retryingStep, ownResult, cachedResult, endedStep],
] as const;

/** A record that no worker holds and that has not ended: who or what holds it moves it on. */
export type SuspendedStep = JobStep | MapStep | ChildStep | TimedStep | ObjectStep | ApprovalStep;

/** What is stored of a step, or of one child of a mapped step. */
export type StepRecord = Stored<(typeof stepKinds)[number]>;
export type StepState = StepRecord["state"];

/**
 * A record in words that this code does not know, such as another state: newer code has written it (read-step.ts). This
 * code neither changes it nor ends the run while it is open: it drops its hints, and the sweep and a cancel pass it by. Newer
 * code goes on with it, by its own sweep at the latest. `UNKNOWN` is never stored.
 */
export type NewerStep = StepFacts & {
  readonly state: "UNKNOWN";
  /** What it says of itself. */
  readonly stored: { readonly state: string; readonly holder?: string };
};

/** What is found where the record of a step is looked for. */
export type FoundStep = StepRecord | NewerStep;

/** What any attempt may end as. */
const ends = ["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"] as const;

/**
 * Which stored states may follow which; the tests hold claims against this table, the simulation every write. `NEW` is a
 * step of which nothing is stored yet, or only what an earlier epoch left without a result; the rest is within an epoch.
 */
export const stepTransitions: Readonly<Record<StepState | "NEW", readonly StepState[]>> = {
  // An array job's child is first heard of when its job tells of it.
  NEW: ["RUNNING", "SUBMITTED", "RUNNABLE", "STARTING"],
  SUBMITTED: ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "RETRYING", "SKIPPED", "CACHED", ...ends],
  RUNNABLE: ["RUNNABLE", "STARTING", "RUNNING", "RETRYING", ...ends],
  // A job that lost its machine waits for another.
  STARTING: ["RUNNABLE", "RUNNING", "RETRYING", ...ends],
  // Another pass of a repeated job is another submission.
  RUNNING: ["RUNNING", "SUBMITTED", "RUNNABLE", "PAUSED", "RETRYING", "SKIPPED", "CACHED", ...ends],
  PAUSED: [...ends],
  RETRYING: ["RUNNING", "SUBMITTED", "CANCELLED"],
  SUCCEEDED: [],
  CACHED: [],
  FAILED: [],
  TIMED_OUT: [],
  SKIPPED: [],
  CANCELLED: [],
};

/** Whether newer code has written a record. */
export function isNewer(record: FoundStep): record is NewerStep {
  return record.state === "UNKNOWN";
}

/** Whether a step has ended; what ended stays as it is within its epoch. */
export function hasEnded(record: FoundStep): record is SucceededStep | EndedStep {
  return !isNewer(record) && "endedAt" in record;
}

/** Whether a step ended with a result; that stays, whatever epochs follow. */
export function hasResult(record: FoundStep): record is SucceededStep {
  return record.state === "SUCCEEDED" || record.state === "CACHED";
}

/** Whether a worker holds the step by a lease. */
export function isHeld(record: FoundStep): record is HeldStep {
  return "holder" in record && record.holder === "worker";
}

/** Whether Batch jobs hold the step. */
export function hasJobs(record: FoundStep): record is JobStep {
  return "holder" in record && record.holder === "jobs";
}

/** How many children a map has, once that is known; undefined for any other record. */
export function childrenOf(record: FoundStep): number | undefined {
  return !isNewer(record) && "children" in record ? record.children : undefined;
}

/** Place of a record in the list of a mapped step; 0 for the map itself and for a step that is not mapped. */
export function indexOf({ index }: StepKey): number {
  return index === "map" ? 0 : index;
}

/** What a step, or by its index a child of it, is called: `train_model`, `train_model[3]`. */
export function stepLabel(step: string, index?: StepIndex): string {
  return index === undefined || index === "map" ? step : `${step}[${index}]`;
}

/** Attempts lost to a cause. */
export function lossesTo(record: StepFacts, cause: LossCause): number {
  return record.losses?.[cause] ?? 0;
}
