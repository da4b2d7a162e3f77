import type * as z from "zod";
import type { Graph, HookState } from "./graph.ts";
import type { AnyJob } from "./job.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Mistaken } from "./known-options.ts";
import type { RunNameTemplate } from "./run-name.ts";
import type { ScheduleTrigger } from "./schedule-trigger.ts";
import type { StepContext, StepFunction } from "./step-function.ts";

// What a pipeline is once it is defined. These types name one another, so they live together, below what makes them.

/** Facts about a run that steps may use. Times are ISO 8601 in UTC. */
export type RunFacts = { id: string; pipeline: string; name: string; scheduledAt: string };

/** A queue that runs of several pipelines wait in for a share of what they have in common, such as GPUs. */
export type WorkQueue = {
  readonly name: string;
  /** Runs that may be under way at once; as many as a limit can have when left out. An operator may set another. */
  readonly limit?: number;
};

/** How many runs of a pipeline may be under way at once, and what becomes of one too many. */
export type Concurrency = {
  /** No limit when left out. */
  readonly maxActiveRuns?: number;
  /** `queue`: a run waits its turn. `cancel_new`: it is cancelled. */
  readonly onCollision: "queue" | "cancel_new";
  readonly queue?: WorkQueue;
  /** Who comes first in the work queue: 1 before 2 and so on. */
  readonly priority: number;
};

/** An object that landed in the data bucket, as an S3 event tells of it. */
export type LandedObject = {
  uri: string;
  bucket: string;
  /** Decoded: as the uploader wrote it. */
  key: string;
  versionId?: string;
  bytes: number;
  /** ISO 8601, from the event. */
  at: string;
};

/** Starts a run for each object under a prefix. */
export type ObjectTrigger = Mistaken & {
  readonly kind: "object";
  readonly prefix: string;
  /** How a key may end. */
  readonly suffixes: readonly string[];
  /** The run's parameters for an object; what it leaves out takes its default. */
  readonly params: (object: LandedObject) => JsonObject;
};

/** The stage that a run is in, as a trigger is told of it. */
export type StageFacts = {
  /** `dev`, `prod`, … */
  readonly name: string;
  /** Whether it has GPUs: `gpus` in `serverless.yml`. */
  readonly gpus: boolean;
};

/** A run that succeeded, as what follows it is told of it. Times are ISO 8601 in UTC. */
export type SucceededRun<P = Json, R = Json> = RunFacts & {
  startedAt: string;
  endedAt: string;
  params: P;
  /** What the pipeline's definition returned, as a step that ran it as a child would get it. */
  result: R;
  /** Where it ran, and what follows it will run. */
  stage: StageFacts;
};

/** Starts a run for each run of another pipeline that succeeded. */
export type RunTrigger = Mistaken & {
  readonly kind: "run";
  readonly pipeline: Pipeline;
  /** The run's parameters for a run that succeeded; what it leaves out takes its default. */
  readonly params: (run: SucceededRun) => JsonObject;
};

export type Trigger = ObjectTrigger | RunTrigger | ScheduleTrigger;

/** How a run ended, as a hook is told of it. Times are ISO 8601 in UTC. */
export type RunEnd = RunFacts & {
  state: HookState;
  params: Json;
  startedAt: string;
  endedAt: string;
  error?: { step: string; name: string; message: string };
};

/** A function that follows the end of a run. It is run in the step worker, tried three times, and never changes the run. */
export type Hook = (end: RunEnd, context: StepContext) => unknown;

declare const returned: unique symbol;

/** A pipeline as defined: its graph as data, and the code that the graph names. `R` is what its definition returns. */
export type Pipeline<P extends z.ZodType<Json> = z.ZodType<Json>, R = unknown> = {
  readonly [returned]?: R;
  readonly name: string;
  readonly params: P;
  readonly triggers: readonly Trigger[];
  readonly graph: Graph;
  readonly graphHash: string;
  readonly concurrency: Concurrency;
  /** What all of its runs are tagged with. */
  readonly tags: readonly string[];
  /** How its runs are named; by the pipeline and the time in UTC where it is left out. */
  readonly runName?: RunNameTemplate;
  /** Functions of lambda steps, by step, and of hooks, by {@link hookName}. */
  readonly functions: ReadonlyMap<string, StepFunction>;
  /** Contracts of batch steps, by job name. */
  readonly jobs: ReadonlyMap<string, AnyJob>;
  /** Pipelines that child steps run, by name. */
  readonly children: ReadonlyMap<string, Pipeline>;
};
