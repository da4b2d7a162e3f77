import * as z from "zod";
import { attemptFiles, callPrefix } from "../objects/layout.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { identityOf } from "./job-environment.ts";

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** What was submitted under a name, with all that its calls need. */
const submissionFile = z.object({
  name: z.string(),
  family: z.string(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  memory: z.number().positive(),
  timeout: z.number().positive(),
  arraySize: z.int().positive().optional(),
});
export type FunctionSubmission = z.infer<typeof submissionFile>;

const stopFile = z.object({ reason: z.string(), at: z.number() });

/** A request to end a job that may never have been seen by its function, in epoch milliseconds. */
export type JobStop = z.infer<typeof stopFile>;

/** `execution` is missing if the engine took the claim, so that no function works any more. */
const claimFile = z.object({
  jobId: z.string(),
  execution: z.string().optional(),
  claimedAt: time.optional(),
  logGroup: z.string().optional(),
  logStream: z.string().optional(),
});
export type FunctionClaim = z.infer<typeof claimFile>;

const endFile = z.object({ exitCode: z.int(), reason: z.string().optional(), endedAt: time });

/** How an execution ended, by its own report. */
export type FunctionEnd = z.infer<typeof endFile>;

const submissionKey = (name: string) => `${callPrefix(name)}submission.json`;
const calledKey = (name: string) => `${callPrefix(name)}called.json`;
const stopKey = (name: string, id: string) => `${callPrefix(name)}stop-${id.split(":")[1] ?? "all"}.json`;

/** Locations of the requests that end a job: for the whole job, and for a child of an array. */
export function stopLocations(objects: ObjectStore, name: string, id: string): readonly string[] {
  return [...new Set([stopKey(name, name), stopKey(name, id)])].map((key) => objects.locate(key));
}

/** A file that can't be read counts as absent: then the deadline ends the job. */
async function read<T>(files: ObjectStore, uri: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const bytes = await files.get(uri);
  if (bytes === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

export function readSubmission(objects: ObjectStore, name: string): Promise<FunctionSubmission | undefined> {
  return read(objects, objects.locate(submissionKey(name)), submissionFile);
}

/**
 * Stores a submission unless there is one of its name.
 *
 * @returns the one that is stored. A later try may have fewer children, because some have ended since
 */
export async function keepSubmission(
  objects: ObjectStore,
  submission: FunctionSubmission,
): Promise<FunctionSubmission> {
  const uri = objects.locate(submissionKey(submission.name));
  if (await objects.putIfAbsent(uri, JSON.stringify(submission), "application/json")) return submission;
  return (await readSubmission(objects, submission.name)) ?? submission;
}

/** Whether all calls of a submission were accepted. */
export async function wasCalled(objects: ObjectStore, name: string): Promise<boolean> {
  return (await objects.head(objects.locate(calledKey(name)))) !== undefined;
}

/** Notes that all calls of a submission were accepted. */
export async function noteCalled(objects: ObjectStore, name: string): Promise<void> {
  await objects.putIfAbsent(objects.locate(calledKey(name)), "{}", "application/json");
}

/** @param id the whole job's, or a child's */
export function readStop(objects: ObjectStore, name: string, id: string): Promise<JobStop | undefined> {
  return read(objects, objects.locate(stopKey(name, id)), stopFile);
}

/** Notes that a job is to end. The first reason stays. */
export async function putStop(objects: ObjectStore, name: string, id: string, stop: JobStop): Promise<void> {
  await objects.putIfAbsent(objects.locate(stopKey(name, id)), JSON.stringify(stop), "application/json");
}

/** Where the attempt of a job, or of an array's child, keeps its files; undefined for jobs that aren't ours. */
function attemptPlace(detail: JobDetail): string | undefined {
  const job = identityOf(detail);
  const { MILLRACE_OUTPUT: output } = detail.environment;
  return job && output !== undefined ? `${output}${job.index}/${job.epoch}.${job.attempt}/` : undefined;
}

/** The claim of a job's attempt, whoever has it. */
export async function readFunctionClaim(
  objects: ObjectStore,
  detail: JobDetail,
): Promise<FunctionClaim | undefined> {
  const place = attemptPlace(detail);
  return place === undefined ? undefined : read(objects, place + attemptFiles.claim, claimFile);
}

/** The end that the job's execution reported. */
export async function readFunctionEnd(
  objects: ObjectStore,
  detail: JobDetail,
): Promise<FunctionEnd | undefined> {
  const place = attemptPlace(detail);
  return place === undefined ? undefined : read(objects, place + attemptFiles.end, endFile);
}
