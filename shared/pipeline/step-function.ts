import type { Artifact } from "./job.ts";
import type { Json } from "./json.ts";
import type { StepModels } from "./model.ts";

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
  readonly raw: RawData;
  readonly models: StepModels;
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
  /**
   * Copies an artifact to a key under `results/`, for others to find by a name that they know; nothing there expires.
   * Only what a step has committed gets there: no attempt that was given up overwrites it.
   *
   * @returns the copy
   * @throws FatalError for a key elsewhere, and for an artifact that is gone or has changed
   */
  publish(artifact: Artifact, key: string): Promise<Artifact>;
  /**
   * What was last published at a key under `results/`, whichever run did; undefined when nothing was.
   *
   * @throws FatalError for a key elsewhere
   */
  published(key: string): Promise<Uint8Array | undefined>;
};

/** An object under `raw/` at the version that it has now. */
export type RawObject = { uri: string; versionId?: string; bytes: number };

/** What people dropped into the data bucket. */
export type RawData = {
  /** All objects whose keys begin with a prefix under `raw/`, by key; folder markers are left out. Times in ISO 8601. */
  list(prefix: string): Promise<{ uri: string; key: string; bytes: number; at: string }[]>;
  /** An object's size and version; undefined when there is none. */
  find(uri: string): Promise<RawObject | undefined>;
};

/** A function that a lambda step runs, its types erased. */
export type StepFunction = (input: never, context: StepContext) => Json | Promise<Json>;
