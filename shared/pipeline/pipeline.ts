import type * as z from "zod";
import type { Graph, HookState } from "./graph.ts";
import type { AnyJob } from "./job.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Mistaken } from "./known-options.ts";
import type { RunNameTemplate } from "./run-name.ts";
import type { ScheduleTrigger } from "./schedule-trigger.ts";
import type { StepContext, StepFunction } from "./step-function.ts";

// The types of a defined pipeline. They refer to one another, so they live together, below the code that builds it.

/** Facts about a run that steps may use. Times are ISO 8601 in UTC. */
export type RunFacts = { id: string; pipeline: string; name: string; scheduledAt: string };

/** A queue in which runs of several pipelines wait for a share of a common resource, such as GPUs. */
export type WorkQueue = {
  readonly name: string;
  /** Maximum number of runs under way; the largest possible limit if omitted. An operator may set another. */
  readonly limit?: number;
};

/** How many runs of a pipeline may be under way at once, and what happens to further ones. */
export type Concurrency = {
  /** No limit if omitted. */
  readonly maxActiveRuns?: number;
  /** `queue`: a run waits its turn. `cancel_new`: it is cancelled. */
  readonly onCollision: "queue" | "cancel_new";
  readonly queue?: WorkQueue;
  /** Priority in the work queue: 1 goes before 2, and so on. */
  readonly priority: number;
};

/** An object that landed in the data bucket, as the S3 event describes it. */
export type LandedObject = {
  uri: string;
  bucket: string;
  /** Decoded: exactly as the uploader wrote it. */
  key: string;
  versionId?: string;
  /** S3's number of the version, hexadecimal: later versions of the same key have higher ones. */
  sequencer?: string;
  bytes: number;
  /** ISO 8601, from the event. */
  at: string;
};

/** Starts a run for each object under a prefix. */
export type ObjectTrigger = Mistaken & {
  readonly kind: "object";
  readonly prefix: string;
  /** Possible endings of a key. */
  readonly suffixes: readonly string[];
  /** Makes the run's parameters for an object; omitted ones get their defaults. */
  readonly params: (object: LandedObject) => JsonObject;
};

/** Facts about the run's stage for a trigger. */
export type StageFacts = {
  /** `dev`, `prod`, … */
  readonly name: string;
  /** Whether the stage has GPUs: `gpus` in `serverless.yml`. */
  readonly gpus: boolean;
};

/** A run that succeeded, as the triggers that follow it get it. Times are ISO 8601 in UTC. */
export type SucceededRun<P = Json, R = Json> = RunFacts & {
  startedAt: string;
  endedAt: string;
  params: P;
  /** The return value of the pipeline's definition, the same that a child step would get. */
  result: R;
  /** The stage that it ran in; the runs that follow it run there too. */
  stage: StageFacts;
};

/** Starts a run for each run of another pipeline that succeeded. */
export type RunTrigger = Mistaken & {
  readonly kind: "run";
  readonly pipeline: Pipeline;
  /** Makes the new run's parameters for a run that succeeded; omitted ones get their defaults. */
  readonly params: (run: SucceededRun) => JsonObject;
};

export type Trigger = ObjectTrigger | RunTrigger | ScheduleTrigger;

/** How a run ended, as a hook gets it. Times are ISO 8601 in UTC. */
export type RunEnd = RunFacts & {
  state: HookState;
  params: Json;
  startedAt: string;
  endedAt: string;
  /** Its first failure. An error of a step's own code has no code and no remedy. */
  error?: { step: string; name: string; message: string; code?: string; remedy?: string };
};

/**
 * A function that is called when a run has ended. The step worker calls it, trying up to three times. It never changes
 * the run.
 */
export type Hook = (end: RunEnd, context: StepContext) => unknown;

declare const returned: unique symbol;

/**
 * A defined pipeline: its graph as data, and the code that the graph names. `R` is the return type of its definition.
 */
export type Pipeline<P extends z.ZodType<Json> = z.ZodType<Json>, R = unknown> = {
  readonly [returned]?: R;
  readonly name: string;
  readonly params: P;
  readonly triggers: readonly Trigger[];
  readonly graph: Graph;
  readonly graphHash: string;
  readonly concurrency: Concurrency;
  /** Tags that all of its runs get. */
  readonly tags: readonly string[];
  /** How its runs are named; if omitted, by the pipeline and the time in UTC. */
  readonly runName?: RunNameTemplate;
  /** Functions of lambda steps, by step, and of hooks, by {@link hookName}. */
  readonly functions: ReadonlyMap<string, StepFunction>;
  /** Contracts of batch steps, by job name. */
  readonly jobs: ReadonlyMap<string, AnyJob>;
  /** Pipelines that child steps run, by name. */
  readonly children: ReadonlyMap<string, Pipeline>;
};
