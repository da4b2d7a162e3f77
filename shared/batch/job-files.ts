import * as z from "zod";
import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import { artifact } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import { engineError, type Failure, fatal } from "../state/failure.ts";
import type { Run } from "../state/run.ts";
import type { JobUsage } from "../state/step-record.ts";
import type { JobIdentity } from "./job-environment.ts";
import { jobFailure, reportedFailure } from "./job-failure.ts";

const claimFile = z.object({ jobId: z.string() });

/** A figure for people. If it makes no sense, it counts as absent, so that a bad figure never costs the result. */
const usage = z
  .object({ peakMemoryBytes: z.int().nonnegative(), cpuSeconds: z.number().nonnegative() })
  .optional()
  .catch(undefined);

const manifestFile = z.object({
  version: z.literal(1),
  output: z.json() as z.ZodType<Json>,
  artifacts: z.array(artifact),
  usage,
});
type JobManifest = z.infer<typeof manifestFile>;

const errorFile = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  retryable: z.boolean(),
  retryAfterSeconds: z.number().nonnegative().optional(),
  stack: z.array(z.string()).default([]),
  usage,
});
type JobErrorFile = z.infer<typeof errorFile>;

/** A job left a file that doesn't have the form that docs/batch-jobs.md requires. */
class JobFileError extends errorOf("JOB_FILE") {}

type Objects = Pick<Engine, "objects">;

async function read<T>({ objects }: Objects, run: Run, job: JobIdentity, file: string, schema: z.ZodType<T>) {
  const uri = objects.locate(attemptPrefix(run, job) + file);
  const bytes = await objects.get(uri);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown) : String(thrown);
    throw new JobFileError(`${uri} has the wrong form: ${reason}`);
  }
}

/** The manifest of an attempt; undefined if there's none yet. */
export function readManifest(from: Objects, run: Run, job: JobIdentity): Promise<JobManifest | undefined> {
  return read(from, run, job, attemptFiles.manifest, manifestFile);
}

/** A file that isn't worth a failure. If it can't be read, it counts as absent. */
async function readIfSound<T>(
  engine: Engine,
  run: Run,
  job: JobIdentity,
  file: string,
  schema: z.ZodType<T>,
) {
  try {
    return await read(engine, run, job, file, schema);
  } catch (thrown) {
    if (!(thrown instanceof JobFileError)) throw thrown;
    engine.log.warn("job's file cannot be read", { ...job, reason: thrown.message });
    return undefined;
  }
}

/** What a failed attempt said about its failure, if it could. */
function readJobError(engine: Engine, run: Run, job: JobIdentity): Promise<JobErrorFile | undefined> {
  return readIfSound(engine, run, job, attemptFiles.error, errorFile);
}

/** Stands for a job's id in a claim that no job may take. */
const nobody = "cancelled";

/** Id of the job that works or worked on an attempt, or {@link nobody}; undefined if none has begun. */
async function claimHolder(engine: Engine, run: Run, job: JobIdentity): Promise<string | undefined> {
  return (await readIfSound(engine, run, job, attemptFiles.claim, claimFile))?.jobId;
}

/**
 * Takes an attempt's claim if no job has it yet, so that no further job of the attempt begins.
 *
 * @param ended the job whose end counts for the attempt, for readers that look at a copy of it. Left out if the attempt
 * is cancelled
 */
export async function takeClaim(
  engine: Engine,
  run: Run,
  job: JobIdentity,
  ended: string = nobody,
): Promise<void> {
  const uri = engine.objects.locate(attemptPrefix(run, job) + attemptFiles.claim);
  await engine.objects.putIfAbsent(uri, JSON.stringify({ jobId: ended }), "application/json");
}

/** How an attempt ended, with the usage that its job reported, if any. */
export type AttemptEnd =
  | { readonly kind: "succeeded"; readonly output: Json; readonly usage?: JobUsage | undefined }
  | { readonly kind: "failed"; readonly failure: Failure; readonly usage?: JobUsage | undefined };

/** How a job ended, according to its files and to Batch. */
export type JobEnd =
  | AttemptEnd
  /**
   * Another copy of the attempt works or worked instead of this job. It was submitted because Batch's answer was lost.
   */
  | { readonly kind: "copied"; readonly by: string };

const failed = (failure: Failure, usage?: JobUsage): AttemptEnd => ({ kind: "failed", failure, usage });

/** The attempt was withdrawn, but the worker that withdrew it died before it recorded that. So its job had no work to do. */
const withdrawn: Failure = {
  error: engineError("JOB_LOST", "its attempt was withdrawn before its job began"),
  retryable: true,
  lostTo: "job",
};

/** The end of a job that had no work, because a copy did it or the attempt was withdrawn; undefined if it could work. */
async function endWithoutWork(
  engine: Engine,
  run: Run,
  job: JobIdentity,
  id: string,
): Promise<JobEnd | undefined> {
  const by = await claimHolder(engine, run, job);
  if (by === nobody) return failed(withdrawn);
  return by === undefined || by === id ? undefined : { kind: "copied", by };
}

/** The end that an attempt's manifest describes; undefined if there's no manifest. */
async function manifestEnd(engine: Engine, run: Run, job: JobIdentity): Promise<AttemptEnd | undefined> {
  try {
    const manifest = await readManifest(engine, run, job);
    return manifest && { kind: "succeeded", output: manifest.output, usage: manifest.usage };
  } catch (thrown) {
    if (!(thrown instanceof JobFileError)) throw thrown;
    return failed(fatal("INVALID_MANIFEST", thrown.message));
  }
}

/**
 * How an attempt ended if Batch has forgotten its job, which happens a week after a job's end. The files in S3 decide.
 *
 * @param id the forgotten job's. It gets the attempt's claim if no job has it, so that a copy's end points here
 * @returns undefined if it left nothing. No job of the attempt can begin any more then
 */
export async function readForgottenEnd(
  engine: Engine,
  run: Run,
  job: JobIdentity,
  id: string,
): Promise<AttemptEnd | undefined> {
  const end = await manifestEnd(engine, run, job);
  if (end !== undefined) return end;
  await takeClaim(engine, run, job, id);
  const reported = await readJobError(engine, run, job);
  return reported && failed(reportedFailure(reported), reported.usage);
}

/** How a job that is over ended: by its manifest, or by its own report of a failure, or Batch's. */
export async function readJobEnd(
  engine: Engine,
  run: Run,
  job: JobIdentity,
  detail: JobDetail,
): Promise<JobEnd> {
  // A job may die after it wrote its manifest. Its results are complete all the same.
  const end = await manifestEnd(engine, run, job);
  if (end !== undefined) return end;
  const succeeded = detail.state === "SUCCEEDED";
  // In case no job has claimed the attempt: a copy that hasn't begun must not begin after the next attempt.
  if (!succeeded) await takeClaim(engine, run, job, detail.id);
  const withoutWork = await endWithoutWork(engine, run, job, detail.id);
  if (withoutWork !== undefined) return withoutWork;
  if (succeeded)
    return failed(fatal("MANIFEST_MISSING", `${detail.name} exited with 0 and left no manifest`));
  const reported = await readJobError(engine, run, job);
  return failed(jobFailure(detail, reported), reported?.usage);
}
