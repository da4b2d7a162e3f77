import type { Artifact } from "./job.ts";
import type { Json } from "./json.ts";
import type { StepModels } from "./model.ts";

/** What a lambda step's function can use besides its input. */
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

/** Structured log lines that include run, step and attempt automatically. */
export type StepLog = {
  info(message: string, fields?: Record<string, Json>): void;
  warn(message: string, fields?: Record<string, Json>): void;
  error(message: string, fields?: Record<string, Json>): void;
};

/** Objects that belong to the run. New objects go to the attempt's own prefix. */
export type StepArtifacts = {
  write(name: string, body: string | Uint8Array, mediaType: string): Promise<Artifact>;
  read(uri: string): Promise<Uint8Array>;
  /** Deletes an object; it isn't an error if the object is already gone. */
  delete(uri: string): Promise<void>;
  /**
   * Copies an artifact to a key under `results/`, where others can find it by a known name. Nothing there expires.
   * Publish only what an earlier step has committed: then an abandoned attempt can't overwrite the result.
   *
   * @param options.newest whether the key is for the newest: if a run for something newer has published there, nothing is
   *   copied. A run is newer if the time that it's for is later. For versions of one object, S3's order counts.
   * @returns the copy; the artifact itself if nothing was copied
   * @throws FatalError for a key outside `results/`, and for an artifact that is gone or has changed
   */
  publish(artifact: Artifact, key: string, options?: { readonly newest?: boolean }): Promise<Artifact>;
  /**
   * The bytes last published at a key under `results/`, by any run; undefined if nothing was published.
   *
   * @throws FatalError for a key outside `results/`
   */
  published(key: string): Promise<Uint8Array | undefined>;
};

/** An object under `raw/` at its current version. */
export type RawObject = { uri: string; versionId?: string; bytes: number };

/** The objects that people dropped into the data bucket. */
export type RawData = {
  /**
   * All objects whose keys begin with a prefix under `raw/`, ordered by key, without folder markers. Times are ISO
   * 8601.
   */
  list(prefix: string): Promise<{ uri: string; key: string; bytes: number; at: string }[]>;
  /** An object's size and version; undefined if there is no such object. */
  find(uri: string): Promise<RawObject | undefined>;
};

/** A function that a lambda step calls, with its types erased. */
export type StepFunction = (input: never, context: StepContext) => Json | Promise<Json>;
