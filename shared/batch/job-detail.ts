import * as z from "zod";
import { given } from "../platform/given.ts";
import type { JobDetail, JobTryDetail } from "../ports/batch-service.ts";

/** AWS omits a field or gives null, depending on where a job's detail comes from. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value): z.output<T> | undefined => value ?? undefined);

const container = z.object({
  exitCode: optional(z.number()),
  reason: optional(z.string()),
  logStreamName: optional(z.string()),
});

const tried = z.object({
  container: optional(container),
  startedAt: optional(z.number()),
  stoppedAt: optional(z.number()),
  statusReason: optional(z.string()),
});

const state = z.enum(["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]);

/** A job as described by DescribeJobs and by EventBridge's "Batch Job State Change". Other fields are ignored. */
const awsDetail = z.object({
  jobId: z.string(),
  jobName: z.string(),
  status: state,
  statusReason: optional(z.string()),
  startedAt: optional(z.number()),
  stoppedAt: optional(z.number()),
  attempts: optional(z.array(tried)),
  container: optional(
    container.extend({
      environment: optional(z.array(z.object({ name: z.string(), value: z.string().default("") }))),
      image: optional(z.string()),
      logConfiguration: optional(
        z.object({ options: optional(z.object({ "awslogs-group": optional(z.string()) })) }),
      ),
    }),
  ),
  arrayProperties: optional(z.object({ size: optional(z.number()), index: optional(z.number()) })),
});

function tryDetail({
  container: containerDetail,
  startedAt,
  stoppedAt,
  statusReason,
}: z.output<typeof tried>): JobTryDetail {
  return given({
    statusReason,
    reason: containerDetail?.reason,
    logStream: containerDetail?.logStreamName,
    startedAt,
    stoppedAt,
  });
}

/** A child's index also ends its id: `{parent}:{index}`. */
function indexInId(jobId: string): number | undefined {
  const index = /:(\d+)$/.exec(jobId)?.[1];
  return index === undefined ? undefined : Number(index);
}

/**
 * A job's detail, from an event's `detail` or from DescribeJobs. The last attempt says how a job ended; `container` may
 * still show an earlier attempt, or nothing at all after a Spot kill.
 */
export const jobDetail = z
  .unknown()
  .pipe(awsDetail)
  .transform((job): JobDetail => {
    const last =
      job.status === "SUCCEEDED" || job.status === "FAILED" ? job.attempts?.at(-1)?.container : undefined;
    return {
      id: job.jobId,
      name: job.jobName,
      state: job.status,
      environment: Object.fromEntries(
        (job.container?.environment ?? []).map(({ name, value }) => [name, value]),
      ),
      ...given({
        statusReason: job.statusReason,
        containerReason: last?.reason ?? job.container?.reason,
        exitCode: last?.exitCode ?? job.container?.exitCode,
        logStream: last?.logStreamName ?? job.container?.logStreamName,
        logGroup: job.container?.logConfiguration?.options?.["awslogs-group"],
        image: job.container?.image,
        tries: job.attempts?.length ? job.attempts.map(tryDetail) : undefined,
        startedAt: job.startedAt,
        stoppedAt: job.stoppedAt,
        arrayIndex: job.arrayProperties?.index ?? indexInId(job.jobId),
        arraySize: job.arrayProperties?.size,
      }),
    };
  });

const jobEvent = z.object({ "detail-type": z.literal("Batch Job State Change"), detail: jobDetail });

/**
 * The job of an EventBridge event, as a queue delivers the event.
 *
 * @throws Error if the text isn't such an event; the queue then moves it to its dead letters
 */
export function parseJobEvent(body: string): JobDetail {
  return jobEvent.parse(JSON.parse(body)).detail;
}
