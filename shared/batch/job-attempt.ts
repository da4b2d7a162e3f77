import type { StepNode } from "../pipeline/graph.ts";
import type { JobDetail, JobTryDetail } from "../ports/batch-service.ts";
import { attemptResources } from "../state/attempt-resources.ts";
import { withJobAttempt } from "../state/step-changes.ts";
import type { JobTry, JobUsage, StepRecord } from "../state/step-record.ts";

/** The jobs' log group if a job's detail names none: AWS Batch's own. */
const defaultLogGroup = "/aws/batch/job";

/** Location of a log: `group:stream`; undefined if there's no log yet. */
export function logOf(job: Pick<JobDetail, "logGroup">, stream: string | undefined): string | undefined {
  return stream === undefined ? undefined : `${job.logGroup ?? defaultLogGroup}:${stream}`;
}

/** Maximum length of a try's stored reason, in characters. An error that ends a step is stored at full length. */
const maxReason = 160;

/** The end of an image's address: `ridge@sha256:…`. The registry and the account are the stage's. */
function imageName(image: string): string {
  return image.slice(image.lastIndexOf("/") + 1);
}

function tryOf(job: JobDetail, outcome: JobTryDetail, isLast: boolean): JobTry {
  const log = logOf(job, outcome.logStream);
  const reason = [outcome.statusReason, outcome.reason].filter(Boolean).join("; ");
  return {
    ...(log !== undefined && { log }),
    ...(outcome.startedAt !== undefined && { startedAt: outcome.startedAt }),
    ...(outcome.stoppedAt !== undefined && { endedAt: outcome.stoppedAt }),
    // The last try's reason is the attempt's reason.
    ...(!isLast && reason !== "" && { reason: reason.slice(0, maxReason) }),
  };
}

/** The tries of a job. If Batch lists none and the job has begun, one try with the details of the whole job. */
function triesOf(job: JobDetail): JobTry[] {
  const tries = job.tries ?? [];
  if (tries.length === 0) return job.startedAt === undefined ? [] : [tryOf(job, job, true)];
  return tries.map((each, place) => tryOf(job, each, place === tries.length - 1));
}

/**
 * A step's record, extended by the job that has just ended its attempt. It's the basis for the step's next state.
 *
 * @param outcome the usage that the job reported, if any, and why the attempt failed, if it did
 */
export function withEndedJob<R extends StepRecord>(
  { task }: StepNode,
  record: R,
  job: JobDetail,
  outcome: { usage?: JobUsage | undefined; reason?: string | undefined },
): R {
  if (task.kind !== "batch") return record;
  const { epoch, attempt } = record;
  const { vcpus, memory, gpus, queue } = attemptResources(task.resources, record);
  const tries = triesOf(job);
  return withJobAttempt(record, {
    ...{ epoch, attempt, job: job.id, state: outcome.reason === undefined ? "SUCCEEDED" : "FAILED" },
    ...{ vcpus, memory, queue },
    ...(gpus > 0 && { gpus }),
    ...(job.image !== undefined && { image: imageName(job.image) }),
    ...(outcome.usage !== undefined && { usage: outcome.usage }),
    ...(outcome.reason !== undefined && { reason: outcome.reason.slice(0, maxReason) }),
    tries,
  });
}
