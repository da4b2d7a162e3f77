import type { JobExit } from "../adapters/memory/memory-batch-service.ts";
import { identityOf } from "../batch/job-environment.ts";
import { attemptFiles, shardOf } from "../objects/layout.ts";
import { rememberedJson } from "../objects/remembered-json.ts";
import { copyJson, isJsonObject, type Json } from "../pipeline/json.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { failureOf } from "../state/failure.ts";

/** Stands in for a job's Python: takes the input, and returns the output or throws. */
export type JobFunction = (input: Json) => Json | Promise<Json>;

/**
 * One file of inputs serves a whole shard of jobs. Each job is a separate process, so it gets its own copy of the
 * input.
 */
async function inputFor(objects: ObjectStore, location: string, index: number): Promise<Json> {
  const uri = location.replace("{shard}", String(shardOf(index)));
  const file = await rememberedJson(objects, uri);
  if (!isJsonObject(file) || !isJsonObject(file.inputs))
    throw new MillraceError("JOB_FILE", `${uri} is not a file of inputs`);
  return copyJson(file.inputs[String(index)] ?? null);
}

async function claimedBy(objects: ObjectStore, uri: string, id: string): Promise<boolean> {
  const bytes = await objects.get(uri);
  const claim: Json = bytes === undefined ? null : JSON.parse(new TextDecoder().decode(bytes));
  return isJsonObject(claim) && claim.jobId === id;
}

/**
 * Does what a job's container does (docs/batch-jobs.md): claims the attempt, reads the input, works, and finally writes
 * the manifest or an error.
 */
export async function runJob(objects: ObjectStore, detail: JobDetail, work: JobFunction): Promise<JobExit> {
  const job = identityOf(detail);
  const { MILLRACE_OUTPUT: output = "" } = detail.environment;
  if (job === undefined) return { exitCode: 2, statusReason: "Essential container in task exited" };
  const prefix = `${output}${job.index}/${job.epoch}.${job.attempt}/`;
  const put = (file: string, body: object) =>
    objects.putIfAbsent(prefix + file, JSON.stringify(body), "application/json");
  const isFirst = await put(attemptFiles.claim, { jobId: detail.id });
  // When Batch itself tries the same job again, that try continues with the job's claim.
  if (!isFirst && !(await claimedBy(objects, prefix + attemptFiles.claim, detail.id))) return { exitCode: 0 };
  const exitCode = await workAsJob(objects, detail, prefix, work);
  return exitCode === 0 ? { exitCode } : { exitCode, statusReason: "Essential container in task exited" };
}

/**
 * Does the work of a job that has its attempt's claim, and leaves the manifest or an error at the attempt's prefix.
 *
 * @returns the exit code
 */
export async function workAsJob(
  objects: ObjectStore,
  detail: JobDetail,
  prefix: string,
  work: JobFunction,
): Promise<0 | 1> {
  const { MILLRACE_INPUT: input = "" } = detail.environment;
  const put = (file: string, body: object) =>
    objects.putIfAbsent(prefix + file, JSON.stringify(body), "application/json");
  try {
    const result = await work(await inputFor(objects, input, identityOf(detail)?.index ?? 0));
    await put(attemptFiles.manifest, { version: 1, output: result, artifacts: [] });
    return 0;
  } catch (thrown) {
    const { retryable, error: said } = failureOf(thrown);
    await put(attemptFiles.error, { ...said, retryable, stack: [] });
    return 1;
  }
}
