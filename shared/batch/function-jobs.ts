import { functionQueue } from "../pipeline/job.ts";
import { given } from "../platform/given.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import { type BatchService, isOver, type JobDetail, type JobSubmission } from "../ports/batch-service.ts";
import type { Clock } from "../ports/clock.ts";
import type { FunctionCall, FunctionInvoker } from "../ports/function-invoker.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import {
  type FunctionSubmission,
  type JobStop,
  keepSubmission,
  noteCalled,
  putStop,
  readFunctionClaim,
  readFunctionEnd,
  readStop,
  readSubmission,
  stopLocations,
  wasCalled,
} from "./function-job-files.ts";

/** Milliseconds after a job's timeout until its end counts as lost: clocks differ, and reports take a moment. */
const grace = 60_000;

/** Why a job counts as lost: its attempt's time is over, or the engine has given the attempt up. */
const unreported = "Lambda reported no end of the job";

/** How many children of an array are looked at together. */
const childrenAtOnce = 25;

/**
 * Max. number of children in one array of calls. A submission that was interrupted repeats all its calls, so it is far
 * smaller than an array job may be on Batch.
 */
export const maxFunctionArray = 500;

/** What a service of function jobs works with. */
export type FunctionJobWorld = {
  readonly objects: ObjectStore;
  readonly invoker: FunctionInvoker;
  readonly clock: Clock;
};

/** Begins the id of each job that runs as a function. AWS Batch's ids are UUIDs. */
const idPrefix = "function-";

/** Whether a job, or an array's child, runs as a function. */
export function isFunctionJob(id: string): boolean {
  return id.startsWith(idPrefix);
}

/** The id of a whole job; a child's place follows after a colon. */
export function functionJobId(name: string): string {
  return idPrefix + name;
}

/** The name in an id, of a whole job or of a child. */
function nameOf(id: string): string {
  return id.slice(idPrefix.length).split(":")[0] ?? "";
}

/** The child's place in an id; undefined for a whole job. */
function placeOf(id: string): number | undefined {
  const place = /:(\d+)$/.exec(id)?.[1];
  return place === undefined ? undefined : Number(place);
}

function detailOf(id: string, submission: FunctionSubmission): Omit<JobDetail, "state"> {
  const { name, family, environment, arraySize } = submission;
  const place = placeOf(id);
  return {
    ...{ id, name, environment, image: `${family}@${environment.MILLRACE_VERSION ?? "unknown"}` },
    ...given(place === undefined ? { arraySize } : { arrayIndex: place }),
  };
}

function submissionOf(job: JobSubmission): FunctionSubmission {
  const { resources, tries: _ofBatch, ...call } = job;
  return { ...call, command: [...call.command], memory: resources.memory };
}

function callsOf(objects: ObjectStore, submission: FunctionSubmission): FunctionCall[] {
  const { arraySize, ...call } = submission;
  const { name } = call;
  const id = functionJobId(name);
  const to = (target: string) => ({ ...call, id: target, stops: stopLocations(objects, name, target) });
  if (arraySize === undefined) return [to(id)];
  return Array.from({ length: arraySize }, (_, place) => ({ ...to(`${id}:${place}`), arrayIndex: place }));
}

/**
 * Jobs that are calls of Lambda functions, as a Batch service. Lambda can't be asked about a call, so the answers come
 * from what is in S3: the submission, the attempt's claim and the end that its execution wrote.
 *
 * An id follows from the job's name. So the same submission twice is the same job: the first one's children count, and
 * the claim of an attempt lets only one of its executions work.
 */
export function functionJobs({ objects, invoker, clock }: FunctionJobWorld): BatchService {
  /** A job that isn't an array. `stopped` is a request for the whole job or for this child. */
  const stateOf = async (
    id: string,
    submission: FunctionSubmission,
    stopped: JobStop | undefined,
  ): Promise<JobDetail> => {
    const base: JobDetail = { ...detailOf(id, submission), state: "RUNNABLE" };
    const claim = await readFunctionClaim(objects, base);
    const isOwn = claim?.jobId === id && claim.execution !== undefined;
    const { claimedAt: startedAt, logGroup, logStream } = isOwn ? claim : {};
    const begun: JobDetail = { ...base, ...given({ startedAt, logGroup, logStream }) };
    const end = isOwn ? await readFunctionEnd(objects, base) : undefined;
    if (end !== undefined && (stopped === undefined || end.endedAt <= stopped.at)) {
      const { exitCode, reason, endedAt } = end;
      const state = exitCode === 0 ? "SUCCEEDED" : "FAILED";
      return { ...begun, state, exitCode, stoppedAt: endedAt, ...given({ statusReason: reason }) };
    }
    const failed = (statusReason: string, stoppedAt: number): JobDetail => ({
      ...begun,
      ...{ state: "FAILED", statusReason, stoppedAt },
    });
    if (stopped !== undefined) return failed(stopped.reason, stopped.at);
    if (claim === undefined) return begun;
    if (!isOwn) return failed(unreported, clock.now());
    const lostAt = (claim.claimedAt ?? 0) + submission.timeout * 1000 + grace;
    if (clock.now() > lostAt) return failed(unreported, lostAt);
    return { ...begun, state: "RUNNING" };
  };

  const childOf = async (id: string, submission: FunctionSubmission, all: JobStop | undefined) =>
    stateOf(id, submission, all ?? (await readStop(objects, submission.name, id)));

  /** An array is over once all its children are. */
  const arrayOf = async (
    id: string,
    size: number,
    submission: FunctionSubmission,
    all: JobStop | undefined,
  ): Promise<JobDetail> => {
    const whole = detailOf(id, submission);
    let failed = false;
    for (let first = 0; first < size; first += childrenAtOnce) {
      const count = Math.min(childrenAtOnce, size - first);
      const places = Array.from({ length: count }, (_, place) => `${id}:${first + place}`);
      const children = await mapConcurrently(places, (child) => childOf(child, submission, all));
      if (!children.every(isOver)) return { ...whole, state: "RUNNING" };
      failed ||= children.some(({ state }) => state === "FAILED");
    }
    return { ...whole, state: failed ? "FAILED" : "SUCCEEDED" };
  };

  const describe = async (ids: readonly string[]): Promise<JobDetail[]> => {
    const names = [...new Set(ids.filter(isFunctionJob).map(nameOf))];
    const read = async (name: string) => ({
      submission: await readSubmission(objects, name),
      all: await readStop(objects, name, functionJobId(name)),
    });
    const known = new Map((await mapConcurrently(names, read)).map((each, place) => [names[place], each]));
    const details = await mapConcurrently(ids, async (id) => {
      const { submission, all } = known.get(nameOf(id)) ?? {};
      if (!isFunctionJob(id) || submission === undefined) return [];
      const { arraySize } = submission;
      const place = placeOf(id);
      if (place !== undefined) return place < (arraySize ?? 0) ? [await childOf(id, submission, all)] : [];
      if (arraySize !== undefined) return [await arrayOf(id, arraySize, submission, all)];
      return [await stateOf(id, submission, all)];
    });
    return details.flat();
  };

  const callAll = async (submission: FunctionSubmission): Promise<void> => {
    await mapConcurrently(callsOf(objects, submission), (call) => invoker.invoke(call));
    await noteCalled(objects, submission.name);
  };

  return {
    async submit(job) {
      // Before the calls: if this worker dies between them, the next one makes the same calls.
      await callAll(await keepSubmission(objects, submissionOf(job)));
      return functionJobId(job.name);
    },

    async complete(id) {
      const submission = await readSubmission(objects, nameOf(id));
      if (submission !== undefined && !(await wasCalled(objects, submission.name))) await callAll(submission);
    },

    async findByName(name, queue) {
      return queue !== functionQueue || (await readSubmission(objects, name)) === undefined
        ? []
        : [functionJobId(name)];
    },

    describe,

    // A call that nobody answers doesn't wait for others: Lambda keeps it for some hours at most.
    isServing: async () => false,

    async terminate(id, reason) {
      const [job] = await describe([id]);
      if (job === undefined || isOver(job)) return;
      await putStop(objects, nameOf(id), id, { reason, at: clock.now() });
    },
  };
}
