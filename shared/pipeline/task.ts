import type * as z from "zod";
import type { AnyJob, Artifact, Job, Resources } from "./job.ts";
import type { Json } from "./json.ts";
import type { Input, Resolved } from "./ref.ts";

/** What a lambda step's function can reach besides its input. */
export type StepContext = {
  readonly pipeline: string;
  readonly runId: string;
  readonly step: string;
  /** Place in the list of a mapped step; 0 otherwise. */
  readonly index: number;
  readonly attempt: number;
  /** ISO 8601, UTC. */
  readonly scheduledAt: string;
  /** Aborted when the attempt's time is up. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  readonly artifacts: StepArtifacts;
};

/** Structured log lines that carry run, step and attempt by themselves. */
export type StepLog = {
  info(message: string, fields?: Record<string, Json>): void;
  warn(message: string, fields?: Record<string, Json>): void;
  error(message: string, fields?: Record<string, Json>): void;
};

/** Objects that belong to the run. New ones go to the attempt's own prefix. */
export type StepArtifacts = {
  write(name: string, body: string | Uint8Array, mediaType: string): Promise<Artifact>;
  read(uri: string): Promise<Uint8Array>;
  /** Deletes an object; one that is gone already is no error. */
  delete(uri: string): Promise<void>;
};

/** A function that a lambda step runs, its types erased. */
export type StepFunction = (input: never, context: StepContext) => Json | Promise<Json>;

declare const resultOf: unique symbol;

/** What a step runs, and the type of its result. */
export type Task<T> = (LambdaTask | BatchTask) & { readonly [resultOf]?: T };

type LambdaTask = { readonly kind: "lambda"; readonly input: unknown; readonly run: StepFunction };
type BatchTask = {
  readonly kind: "batch";
  readonly job: AnyJob;
  readonly input: unknown;
  readonly resources: Partial<Resources>;
};

/** A TypeScript function that runs in the step worker. Its result is JSON. */
export function lambda<const I, O>(
  input: I,
  run: (input: Resolved<I>, context: StepContext) => O | Promise<O>,
): Task<Awaited<O>> {
  // Types are checked here, where input and function meet; a worker later calls it with the resolved input.
  return { kind: "lambda", input, run: run as unknown as StepFunction };
}

/** A job on AWS Batch. `resources` override the contract's for this step. */
export function batch<I extends z.ZodType, O extends z.ZodType>(
  job: Job<I, O>,
  input: Input<z.input<I>>,
  resources: Partial<Resources> = {},
): Task<z.output<O>> {
  return { kind: "batch", job, input, resources };
}
