import * as z from "zod";
import { openObject, type Stored, storedJson } from "../pipeline/stored-record.ts";

const count = z.int().nonnegative();
const ordinal = z.int().positive();
/** Epoch milliseconds. */
const milliseconds = z.number();

/** Place of a step record within its step: a child's index (0 for a step that isn't mapped), or the map as a whole. */
const stepIndex = z.union([count, z.literal("map")]);
export type StepIndex = z.infer<typeof stepIndex>;

const stepKey = { runId: z.string(), step: z.string(), index: stepIndex };
/** Names one step record. */
export type StepKey = { readonly runId: string; readonly step: string; readonly index: StepIndex };

/** A result: small ones are stored in the record, larger ones in S3. */
export const storedValue = z.union([openObject({ value: storedJson }), openObject({ uri: z.string() })]);
export type StoredValue = Stored<typeof storedValue>;

/**
 * A stored error's code and remedy. Errors of authors' code have none, nor have errors that older versions stored. A
 * newer version's code may be unknown here.
 */
export const codeFields = { code: z.string().exactOptional(), remedy: z.string().exactOptional() };

/** An attempt's failure. */
const stepError = openObject({
  name: z.string(),
  message: z.string(),
  ...codeFields,
  /** Where it was thrown: the first lines of a function's stack, or the last lines of a job's. */
  stack: z.array(z.string()).exactOptional(),
  /** Where the log of the attempt is. */
  log: z.string().exactOptional(),
});
export type StepError = Stored<typeof stepError>;

/** A Batch job that works for a step; an array job covers many children. */
const stepJob = openObject({ id: z.string(), name: z.string() });
export type StepJob = Stored<typeof stepJob>;

/** The resource usage that a job reported: peak memory in bytes, and CPU time in seconds. */
const jobUsage = openObject({ peakMemoryBytes: z.number(), cpuSeconds: z.number() });
export type JobUsage = Stored<typeof jobUsage>;

/** One try of a Batch job: Batch itself repeats tries that failed through no fault of the job. */
const jobTry = openObject({
  /** Where its log is: `group:stream`. */
  log: z.string().exactOptional(),
  startedAt: milliseconds.exactOptional(),
  endedAt: milliseconds.exactOptional(),
  /** Batch's reason for making another try, in its own words. */
  reason: z.string().exactOptional(),
});
export type JobTry = Stored<typeof jobTry>;

/** The record of an attempt that a Batch job made. */
const jobAttempt = openObject({
  epoch: ordinal,
  attempt: ordinal,
  /** Batch's id for the job. */
  job: z.string(),
  state: z.enum(["SUCCEEDED", "FAILED"]),
  /** The resources that it had, memory in MiB, and the queue that they came from. */
  vcpus: z.number(),
  memory: z.number(),
  gpus: z.number().exactOptional(),
  queue: z.string(),
  /** The image that was used, by its digest if it has one: `ridge@sha256:…`. */
  image: z.string().exactOptional(),
  /** Absent if the job was ended before it could report its usage. */
  usage: jobUsage.exactOptional(),
  /** Why it failed. */
  reason: z.string().exactOptional(),
  tries: z.array(jobTry),
});
export type JobAttempt = Stored<typeof jobAttempt>;

/**
 * Maximum number of job attempts that a record keeps, the latest ones: a step may be tried or repeated thousands of
 * times.
 */
export const maxJobAttempts = 10;

/** The record of an attempt in which a worker ran a step's function, and that ended without the step's result. */
const functionAttempt = openObject({
  epoch: ordinal,
  attempt: ordinal,
  startedAt: milliseconds,
  endedAt: milliseconds,
  /** Why it failed; absent for a pass of a repeated step. Texts are left to the step's own error and the log. */
  error: openObject({ name: z.string(), code: z.string().exactOptional() }).exactOptional(),
});
export type FunctionAttempt = Stored<typeof functionAttempt>;

/** Maximum number of a function's attempts that a record keeps, the latest ones. Ten take 1 to 2 KB. */
export const maxFunctionAttempts = 10;

/** The run that a child step waits for, and its epoch. */
const childRun = openObject({ runId: z.string(), epoch: ordinal });
export type ChildRun = Stored<typeof childRun>;

/** Where a cached result came from. */
export const cacheSource = openObject({ runId: z.string(), step: z.string(), index: count });
export type CacheSource = Stored<typeof cacheSource>;

/** A yes or no to an approval, from a person or from its default. */
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
  delivery: count.exactOptional(),
  code: count.exactOptional(),
  spot: count.exactOptional(),
  image: count.exactOptional(),
  start: count.exactOptional(),
  job: count.exactOptional(),
  capacity: count.exactOptional(),
  throttling: count.exactOptional(),
  memory: count.exactOptional(),
  time: count.exactOptional(),
});
export type Losses = Stored<typeof losses>;
/**
 * What an attempt may be lost to without having failed itself. Losses are counted apart from the step's own retries.
 */
export type LossCause = keyof Losses;

/** The fields that a record has in every state. step-facts.ts decides which of them the next attempt takes over. */
export const stepFacts = openObject({
  ...stepKey,
  epoch: ordinal,
  /** Starts at 1 in each epoch. */
  attempt: ordinal,
  /** Failures in this epoch that counted against the step's retries. */
  failures: count,
  /** Number of attempts lost in this epoch, by cause. */
  losses: losses.exactOptional(),
  /** Number of passes that a repeated step has made. */
  passes: count.exactOptional(),
  /** The run of a child step, once there is one. A retry reopens the same run. */
  child: childRun.exactOptional(),
  /** For a Batch step: the latest attempts that jobs made, in order, at most {@link maxJobAttempts}. */
  jobAttempts: z.array(jobAttempt).exactOptional(),
  /**
   * For a function: the latest attempts without the step's result, in order, at most {@link maxFunctionAttempts}. The
   * record itself describes the attempt under way and the one that succeeded, so most records have none.
   */
  functionAttempts: z.array(functionAttempt).exactOptional(),
  /** The answer to an approval. */
  answer: answer.exactOptional(),
  /** Digest of a map's list, if the list may be different after a retry: see list-digest.ts. */
  list: z.string().exactOptional(),
  /** Its function has a worker to itself: it blocks its worker, or it was in one that was blocked. */
  alone: z.literal(true).exactOptional(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
});
export type StepFacts = Stored<typeof stepFacts>;

/**
 * A worker holds the step until its lease ends. Code that then finds the record reports the attempt as lost. Only a
 * submission, or a lease that its worker gave up, is taken over in the same attempt (decide-claim.ts).
 */
const heldStep = stepFacts.extend({
  holder: z.enum(["worker"]),
  state: z.enum(["RUNNING", "SUBMITTED"]),
  leaseUntil: milliseconds,
  /** How often this attempt's submission failed, not counting throttling. */
  refusals: count.exactOptional(),
});
export type HeldStep = Stored<typeof heldStep>;

/** A Batch job holds the step. The job's end moves it on; an event reports the end, or the sweep finds it. */
const jobStep = stepFacts.extend({
  holder: z.enum(["jobs"]),
  state: z.enum(["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"]),
  jobs: z.array(stepJob),
  children: count.exactOptional(),
  /** When the job began to wait for a machine. */
  runnableSince: milliseconds.exactOptional(),
  /** When the job began to run. */
  runningSince: milliseconds.exactOptional(),
  /** Where the log of the running job is: `group:stream`. */
  log: z.string().exactOptional(),
});
export type JobStep = Stored<typeof jobStep>;

/** A map whose children are under way; its tallies show their progress. */
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

/** Continues at a given time: a wait, or the pause between two passes. */
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
  /** The stores list it among the approvals that wait. Older code writes approvals that they don't list. */
  listed: z.literal(true).exactOptional(),
});
export type ApprovalStep = Stored<typeof approvalStep>;

/** Failed, and will be tried again. */
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
/** Ended with a result: its own, or one that an earlier run made with the same code and input. */
export type SucceededStep = Stored<typeof ownResult> | Stored<typeof cachedResult>;

/** Ended without a result. */
const endedStep = stepFacts.extend({
  state: z.enum(["FAILED", "TIMED_OUT", "SKIPPED", "CANCELLED"]),
  endedAt: z.string(),
  error: stepError.exactOptional(),
  children: count.exactOptional(),
  /** It was cancelled while its job was being submitted, so Batch may list the job only later. */
  submitting: z.literal(true).exactOptional(),
});
export type EndedStep = Stored<typeof endedStep>;

const withoutResult = [
  ...[heldStep, jobStep, mapStep, childStep, timedStep, objectStep, approvalStep],
  ...[retryingStep, endedStep],
] as const;

/** Every kind of record. Holder and state distinguish them. */
export const stepKinds = [...withoutResult, ownResult, cachedResult] as const;

const ownOutline = ownResult.omit({ output: true });
const cachedOutline = cachedResult.omit({ output: true });
/** Ended with a result that was not read. */
export type SucceededOutline = Stored<typeof ownOutline> | Stored<typeof cachedOutline>;

/** Every kind of record, as far as an outline has it: without a result. */
export const outlineKinds = [...withoutResult, ownOutline, cachedOutline] as const;

/** Fields that an outline leaves out. They may be large, and sweeps, cancels and retries don't need them. */
export const largeFields = ["output", "answer"] as const;
/** The fields of an error that an outline has. */
export const outlinedErrorFields = ["name", "message", "code", "remedy"] as const;

/** A record that hasn't ended and that no worker holds: its holder moves it on. */
export type SuspendedStep = JobStep | MapStep | ChildStep | TimedStep | ObjectStep | ApprovalStep;

/** The stored record of a step, or of one child of a mapped step. */
export type StepRecord = Stored<(typeof stepKinds)[number]>;
export type StepState = StepRecord["state"];

/**
 * A record with words that this code doesn't know, such as another state: newer code has written it (read-step.ts).
 * This code neither changes it nor ends the run while the record is open. It drops the step's hints, and its
 * sweep and cancel skip the step. Newer code continues the step, through its own sweep at the latest. `UNKNOWN` is
 * never stored.
 */
export type NewerStep = StepFacts & {
  readonly state: "UNKNOWN";
  /** The state and holder that the record contains. */
  readonly stored: { readonly state: string; readonly holder?: string };
};

/** The result of reading a step's record. */
export type FoundStep = StepRecord | NewerStep;

/**
 * A record without what may be large: its result, its jobs' attempts, and where an error was thrown. It's enough to see
 * what a step waits for, but it can't be written back.
 */
export type KnownOutline = Stored<(typeof outlineKinds)[number]>;
export type StepOutline = KnownOutline | NewerStep;

/** States in which any attempt may end. */
const ends = ["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"] as const;

/**
 * Which stored states may follow which. The tests check claims against this table, the simulation checks every write.
 * `NEW` is a step with nothing stored, or only with a record without a result from an earlier epoch. All other rows
 * apply within an epoch.
 */
export const stepTransitions: Readonly<Record<StepState | "NEW", readonly StepState[]>> = {
  // An array job's child has no record until its job reports it.
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
export function isNewer(record: StepOutline): record is NewerStep {
  return record.state === "UNKNOWN";
}

/** Whether a step has ended; an ended record doesn't change within its epoch. */
export function hasEnded(record: StepOutline): record is SucceededOutline | EndedStep {
  return !isNewer(record) && "endedAt" in record;
}

/** Whether a step ended with a result; the result stays in all later epochs. */
export function hasResult(record: StepOutline): record is SucceededOutline;
export function hasResult(record: FoundStep): record is SucceededStep;
export function hasResult(record: StepOutline): boolean {
  return record.state === "SUCCEEDED" || record.state === "CACHED";
}

/** Whether a worker holds the step by a lease. */
export function isHeld(record: StepOutline): record is HeldStep {
  return "holder" in record && record.holder === "worker";
}

/** Whether Batch jobs hold the step. */
export function hasJobs(record: StepOutline): record is JobStep {
  return "holder" in record && record.holder === "jobs";
}

/** A map's number of children, once known; undefined for any other record. */
export function childrenOf(record: StepOutline): number | undefined {
  return !isNewer(record) && "children" in record ? record.children : undefined;
}

/** A record's place in the list of a mapped step; 0 for the map itself and for a step that isn't mapped. */
export function indexOf({ index }: StepKey): number {
  return index === "map" ? 0 : index;
}

/** The name to show for a step, or for its child at an index: `train_model`, `train_model[3]`. */
export function stepLabel(step: string, index?: StepIndex): string {
  return index === undefined || index === "map" ? step : `${step}[${index}]`;
}

/** Number of attempts lost to a cause. */
export function lossesTo(record: StepFacts, cause: LossCause): number {
  return record.losses?.[cause] ?? 0;
}
