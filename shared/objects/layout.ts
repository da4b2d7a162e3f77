import type { Run } from "../state/run.ts";
import type { StepRecord } from "../state/step-record.ts";

type RunPlace = Pick<Run, "pipeline" | "runId">;
type AttemptName = Pick<StepRecord, "step" | "index" | "epoch" | "attempt">;

/** Children of a map that share one tally and one file of inputs. */
export const shardSize = 200;

/** The shard that a mapped child belongs to. */
export function shardOf(index: number): number {
  return Math.floor(index / shardSize);
}

/** Where everything of a step lies: `runs/{pipeline}/{runId}/{step}/`. */
export function stepPrefix(run: RunPlace, step: string): string {
  return `runs/${run.pipeline}/${run.runId}/${step}/`;
}

/** Where everything of one attempt lies: `…/{index}/{epoch}.{attempt}/`. No two attempts share a place. */
export function attemptPrefix(run: RunPlace, { step, index, epoch, attempt }: AttemptName): string {
  return `${stepPrefix(run, step)}${index}/${epoch}.${attempt}/`;
}

/** Inputs of the Batch jobs of an attempt, a file a shard; `{shard}` is for the job to fill in. */
export function inputKey(
  run: RunPlace,
  { step, index, epoch, attempt }: AttemptName,
  shard: number | "{shard}",
): string {
  return `${stepPrefix(run, step)}_inputs/${index}-${epoch}.${attempt}/${shard}.json`;
}

/** The attempt that a key under `runs/` is of; undefined for any other key. */
export function attemptOfKey(key: string): (RunPlace & AttemptName & { index: number }) | undefined {
  // Batch's own retries of an attempt write beside it: `{epoch}.{attempt}.{native attempt}/`.
  const match = /^runs\/([^/]+)\/([^/]+)\/([^/]+)\/(\d+)\/(\d+)\.(\d+)(?:\.\d+)?\//.exec(key);
  if (match === null) return undefined;
  const [, pipeline = "", runId = "", step = "", ...numbers] = match;
  const [index = 0, epoch = 0, attempt = 0] = numbers.map(Number);
  return { pipeline, runId, step, index, epoch, attempt };
}

/** Where a version of a model lies: `models/{name}/{version}/`, by five digits. Nothing there expires. */
export function modelPrefix(name: string, version: number): string {
  return `models/${name}/${String(version).padStart(5, "0")}/`;
}

/** Where pipelines put what others are to find by name. Nothing there expires. */
export const resultsPrefix = "results/";

/** Names of the objects that a job and the engine leave for each other at an attempt's prefix. */
export const attemptFiles = {
  claim: "_claim.json",
  manifest: "_manifest.json",
  error: "_error.json",
  progress: "_progress.json",
  output: "_output.json",
} as const;
