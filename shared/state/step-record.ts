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
  /** Where it was thrown: of a function the first lines of the stack, of a job the last. */
  readonly stack?: readonly string[];
  /** Where the log of the attempt is. */
  readonly log?: string;
};

/** Batch jobs that work for a step; an array job covers many children. */
export type StepJob = { readonly id: string; readonly name: string };

/** What a job said it used: the most memory at once, in bytes, and CPU time, in seconds. */
export type JobUsage = { readonly peakMemoryBytes: number; readonly cpuSeconds: number };

/** One try of a Batch job: Batch itself repeats what was not the job's fault. Times in epoch milliseconds. */
export type JobTry = {
  /** Where its log is: `group:stream`. */
  readonly log?: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Why Batch made another, in its words. */
  readonly reason?: string;
};

/** What is kept of an attempt that a Batch job made. */
export type JobAttempt = {
  readonly epoch: number;
  readonly attempt: number;
  /** Batch's id of the job. */
  readonly job: string;
  readonly state: "SUCCEEDED" | "FAILED";
  /** What it had of a machine, memory in MiB, and from which queue. */
  readonly vcpus: number;
  readonly memory: number;
  readonly gpus?: number;
  readonly queue: string;
  /** The image that ran, by its digest where it has one: `ridge@sha256:…`. */
  readonly image?: string;
  /** Absent for one that was ended before it could say. */
  readonly usage?: JobUsage;
  /** Why it failed. */
  readonly reason?: string;
  readonly tries: readonly JobTry[];
};

/** Attempts of jobs that a record keeps, the last ones: a step may be tried or repeated thousands of times. */
export const mostJobAttempts = 10;

/** The run that a child step waits for, in the epoch that it waits for. */
export type ChildRun = { readonly runId: string; readonly epoch: number };

/** Where a cached result came from. */
export type CacheSource = { readonly runId: string; readonly step: string; readonly index: number };

/** A person's yes or no to an approval, or that of its default. */
export type Answer = {
  readonly approved: boolean;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly comment?: string;
};

/** What an attempt may be lost to without having failed itself. Counted apart from the step's own retries. */
export type LossCause = "worker" | "spot" | "image" | "start" | "job" | "capacity" | "throttling" | "memory";
export type Losses = Partial<Readonly<Record<LossCause, number>>>;

/** What a record says in whichever state. */
export type StepFacts = StepKey & {
  readonly epoch: number;
  /** From 1 within the epoch. */
  readonly attempt: number;
  /** Failures of this epoch that counted against the step's retries. */
  readonly failures: number;
  /** Attempts of this epoch that were lost, by cause. */
  readonly losses?: Losses;
  /** Passes that a repeated step has made. */
  readonly passes?: number;
  /** Of a child step, once there is one. A retry opens the same run again. */
  readonly child?: ChildRun;
  /** Of a Batch step: the last attempts that jobs made, {@link mostJobAttempts} at most, in order. */
  readonly jobAttempts?: readonly JobAttempt[];
  /** Of an approval that was answered. */
  readonly answer?: Answer;
  /** Digest of the list that a map is over, where a retry may find it over another: see list-digest.ts. */
  readonly list?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
};

const factNames: Readonly<Record<keyof StepFacts, true>> = {
  runId: true,
  step: true,
  index: true,
  epoch: true,
  attempt: true,
  failures: true,
  losses: true,
  passes: true,
  child: true,
  jobAttempts: true,
  answer: true,
  list: true,
  startedAt: true,
};

/** The facts of a record, without what belongs to its state alone. */
export function factsOf(record: StepFacts): StepFacts {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name in factNames)) as StepFacts;
}

/**
 * The facts of a step that begins in an epoch. Of an earlier one a child step keeps its run, to go on with it, and what is
 * known of jobs, and of the list that a map was over, stays known.
 *
 * @param now epoch milliseconds
 */
export function firstFacts(
  { runId, step, index }: StepKey,
  epoch: number,
  now: number,
  earlier?: StepFacts,
): StepFacts {
  return {
    ...{ runId, step, index, epoch },
    ...{ attempt: 1, failures: 0, startedAt: new Date(now).toISOString() },
    ...(earlier?.child && { child: earlier.child }),
    ...(earlier?.jobAttempts && { jobAttempts: earlier.jobAttempts }),
    ...(earlier?.list !== undefined && { list: earlier.list }),
  };
}

/**
 * A worker holds the step until its lease ends. Whoever finds that then says that the attempt is lost; only a submission,
 * or a lease that its worker gave up, is taken over as it is (decide-claim.ts).
 */
export type HeldStep = StepFacts & {
  readonly holder: "worker";
  readonly state: "RUNNING" | "SUBMITTED";
  /** Epoch milliseconds. */
  readonly leaseUntil: number;
  /** How often this attempt's submission failed, throttling apart. */
  readonly refusals?: number;
};

/** A Batch job holds the step; the job's end, told by an event or found by the sweep, moves it on. */
export type JobStep = StepFacts & {
  readonly holder: "jobs";
  readonly state: "SUBMITTED" | "RUNNABLE" | "STARTING" | "RUNNING";
  readonly jobs: readonly StepJob[];
  readonly children?: number;
  /** Since when the job waits for a machine. Epoch milliseconds. */
  readonly runnableSince?: number;
  /** Since when the job runs. Epoch milliseconds. */
  readonly runningSince?: number;
  /** Where the log of the running job is: `group:stream`. */
  readonly log?: string;
};

/** A map whose children are on their way; its tallies tell how far they are. */
export type MapStep = StepFacts & {
  readonly holder: "children";
  readonly state: "RUNNING";
  readonly children: number;
};

/** A run of another pipeline holds the step; that run's end moves it on. */
export type ChildStep = StepFacts & {
  readonly holder: "run";
  readonly state: "RUNNING";
  readonly child: ChildRun;
};

/** Goes on when a time has come: a wait, or the pause between two passes. */
export type TimedStep = StepFacts & {
  readonly holder: "clock";
  readonly state: "RUNNING";
  /** Epoch milliseconds. */
  readonly wakeAt: number;
};

/** Waits for an object in S3. */
export type ObjectStep = StepFacts & {
  readonly holder: "object";
  readonly state: "RUNNING";
  readonly uri: string;
  /** Epoch milliseconds. */
  readonly deadlineAt: number;
};

/** Waits for a person's yes or no. */
export type ApprovalStep = StepFacts & {
  readonly holder: "person";
  readonly state: "PAUSED";
  readonly message: string;
  /** Epoch milliseconds. */
  readonly deadlineAt: number;
};

/** Failed, and to be tried again. */
export type RetryingStep = StepFacts & {
  readonly state: "RETRYING";
  /** Epoch milliseconds. */
  readonly retryAt: number;
  readonly error: StepError;
};

/** Ended with a result: its own, or one that an earlier run made of the same code and input. */
export type SucceededStep = StepFacts & {
  readonly endedAt: string;
  readonly output: StoredValue;
  readonly children?: number;
} & ({ readonly state: "SUCCEEDED" } | { readonly state: "CACHED"; readonly cachedFrom: CacheSource });

/** Ended without a result. */
export type EndedStep = StepFacts & {
  readonly state: "FAILED" | "TIMED_OUT" | "SKIPPED" | "CANCELLED";
  readonly endedAt: string;
  readonly error?: StepError;
  readonly children?: number;
};

/** A record that no worker holds and that has not ended: who or what holds it moves it on. */
export type AwayStep = JobStep | MapStep | ChildStep | TimedStep | ObjectStep | ApprovalStep;

/** What is stored of a step, or of one child of a mapped step. */
export type StepRecord = HeldStep | AwayStep | RetryingStep | SucceededStep | EndedStep;
export type StepState = StepRecord["state"];

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

/** Whether a step has ended; what ended stays as it is within its epoch. */
export function hasEnded(record: StepRecord): record is SucceededStep | EndedStep {
  return "endedAt" in record;
}

/** Whether a step ended with a result; that stays, whatever epochs follow. */
export function hasResult(record: StepRecord): record is SucceededStep {
  return record.state === "SUCCEEDED" || record.state === "CACHED";
}

/** Whether a worker holds the step by a lease. */
export function isHeld(record: StepRecord): record is HeldStep {
  return "holder" in record && record.holder === "worker";
}

/** Whether Batch jobs hold the step. */
export function hasJobs(record: StepRecord): record is JobStep {
  return "holder" in record && record.holder === "jobs";
}

/** How many children a map has, once that is known; undefined for any other record. */
export function childrenOf(record: StepRecord): number | undefined {
  return "children" in record ? record.children : undefined;
}

/** Place of a record in the list of a mapped step; 0 for the map itself and for a step that is not mapped. */
export function indexOf({ index }: StepKey): number {
  return index === "map" ? 0 : index;
}

/** What a step, or by its index a child of it, is called: `train_model`, `train_model[3]`. */
export function stepLabel(step: string, index?: StepIndex): string {
  return index === undefined || index === "map" ? step : `${step}[${index}]`;
}

/** When a record goes on, or is given up, by itself: epoch milliseconds. Undefined for one that has no such time. */
export function timeOf(record: StepRecord): number | undefined {
  if (record.state === "RETRYING") return record.retryAt;
  if (isHeld(record)) return record.leaseUntil;
  if (!("holder" in record)) return undefined;
  if (record.holder === "clock") return record.wakeAt;
  return record.holder === "object" || record.holder === "person" ? record.deadlineAt : undefined;
}

/** Attempts lost to a cause. */
export function lossesTo(record: StepRecord, cause: LossCause): number {
  return record.losses?.[cause] ?? 0;
}
