import type { Run } from "../state/run.ts";
import type { StepRecord } from "../state/step-record.ts";

type RunPlace = Pick<Run, "pipeline" | "runId">;
type AttemptName = Pick<StepRecord, "step" | "index" | "epoch" | "attempt">;

/** Number of a map's children that share one tally and one file of inputs. */
export const shardSize = 200;

/** The shard that a mapped child belongs to. */
export function shardOf(index: number): number {
  return Math.floor(index / shardSize);
}

/** Prefix of everything that a step stores: `runs/{pipeline}/{runId}/{step}/`. */
export function stepPrefix(run: RunPlace, step: string): string {
  return `runs/${run.pipeline}/${run.runId}/${step}/`;
}

/** Prefix of everything that one attempt stores: `…/{index}/{epoch}.{attempt}/`. No two attempts share a place. */
export function attemptPrefix(run: RunPlace, { step, index, epoch, attempt }: AttemptName): string {
  return `${stepPrefix(run, step)}${index}/${epoch}.${attempt}/`;
}

/** Key of the inputs of an attempt's Batch jobs, one file per shard; the job fills in `{shard}`. */
export function inputKey(
  run: RunPlace,
  { step, index, epoch, attempt }: AttemptName,
  shard: number | "{shard}",
): string {
  return `${stepPrefix(run, step)}_inputs/${index}-${epoch}.${attempt}/${shard}.json`;
}

/**
 * Prefix of what is known of a job that is a call of a Lambda function, by the job's name. It expires with the runs. No
 * pipeline's name begins with an underscore.
 */
export function callPrefix(job: string): string {
  return `runs/_calls/${job}/`;
}

/** Key of the part of a map's list of items that begins at number `first`; with "parts", of the list of those numbers. */
export function itemsKey(run: RunPlace, step: string, epoch: number, first: number | "parts"): string {
  return `${stepPrefix(run, step)}_items/${epoch}/${first}.json`;
}

/** Key of the list of all results of a map. */
export function resultsKey(run: RunPlace, step: string): string {
  return `${stepPrefix(run, step)}_results.json`;
}

/** The attempt that a key under `runs/` belongs to; undefined for any other key. */
export function attemptOfKey(key: string): (RunPlace & AttemptName & { index: number }) | undefined {
  // Batch's own retries of an attempt have prefixes next to it: `{epoch}.{attempt}.{native attempt}/`.
  const match = /^runs\/([^/]+)\/([^/]+)\/([^/]+)\/(\d+)\/(\d+)\.(\d+)(?:\.\d+)?\//.exec(key);
  if (match === null) return undefined;
  const [, pipeline = "", runId = "", step = "", ...numbers] = match;
  const [index = 0, epoch = 0, attempt = 0] = numbers.map(Number);
  return { pipeline, runId, step, index, epoch, attempt };
}

/** Prefix of a model version: `models/{name}/{version}/`, with five digits. Nothing under it expires. */
export function modelPrefix(name: string, version: number): string {
  return `models/${name}/${String(version).padStart(5, "0")}/`;
}

/** Prefix under which pipelines put what others find by name. Nothing under it expires. */
export const resultsPrefix = "results/";

/** Names of the objects that a job and the engine leave for each other under an attempt's prefix. */
export const attemptFiles = {
  claim: "_claim.json",
  manifest: "_manifest.json",
  error: "_error.json",
  /** Only of jobs on Lambda: nobody else could say how they ended. */
  end: "_end.json",
  progress: "_progress.json",
  output: "_output.json",
  outcome: "_outcome.json",
} as const;
