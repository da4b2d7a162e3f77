import * as z from "zod";
import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import { artifact } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import type { JobIdentity } from "./job-environment.ts";

const claimFile = z.object({ jobId: z.string() });

/** A figure for people: one that makes no sense counts as absent, for no result is thrown away over it. */
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
export type JobManifest = z.infer<typeof manifestFile>;

const errorFile = z.object({
  name: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  retryAfterSeconds: z.number().nonnegative().optional(),
  stack: z.array(z.string()).default([]),
  usage,
});
export type JobErrorFile = z.infer<typeof errorFile>;

/** A job left something that is not what docs/batch-jobs.md asks for. */
export class JobFileError extends Error {
  override readonly name = "JobFileError";
}

type Objects = Pick<Engine, "objects">;

async function read<T>({ objects }: Objects, run: Run, job: JobIdentity, file: string, schema: z.ZodType<T>) {
  const uri = objects.locate(attemptPrefix(run, job) + file);
  const bytes = await objects.get(uri);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown) : String(thrown);
    throw new JobFileError(`${uri} is not what a job should leave there: ${reason}`);
  }
}

/** The manifest of an attempt, undefined while there is none. */
export function readManifest(from: Objects, run: Run, job: JobIdentity): Promise<JobManifest | undefined> {
  return read(from, run, job, attemptFiles.manifest, manifestFile);
}

/** Whether an attempt left a manifest, readable or not. */
export async function hasManifest(engine: Engine, run: Run, job: JobIdentity): Promise<boolean> {
  const uri = engine.objects.locate(attemptPrefix(run, job) + attemptFiles.manifest);
  return (await engine.objects.head(uri)) !== undefined;
}

/** A note that is not worth failing for: one that cannot be read counts as absent. */
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
    engine.log.warn("a job's note cannot be read", { ...job, reason: thrown.message });
    return undefined;
  }
}

/** What an attempt that failed said of it, if it could. */
export function readJobError(engine: Engine, run: Run, job: JobIdentity): Promise<JobErrorFile | undefined> {
  return readIfSound(engine, run, job, attemptFiles.error, errorFile);
}

/** In place of a job's id, in a claim that no job may have. */
const nobody = "cancelled";

/** Id of the job that works or worked on an attempt, undefined when none has begun. */
export async function claimHolder(engine: Engine, run: Run, job: JobIdentity): Promise<string | undefined> {
  const holder = (await readIfSound(engine, run, job, attemptFiles.claim, claimFile))?.jobId;
  return holder === nobody ? undefined : holder;
}

/**
 * Takes an attempt's claim where no job has it yet, so that none that has not begun will begin.
 *
 * @param ended the job whose end is the attempt's, for whoever looks at a copy of it; none of an attempt that is cancelled
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
