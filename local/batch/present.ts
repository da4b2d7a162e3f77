import { type ContainerProperties, type Job, type JobStatus, vcpusOf } from "./job.ts";

/** Counts of an array's children by status, as DescribeJobs shows them. */
export type StatusSummary = Record<JobStatus, number>;

/** A job in the form of DescribeJobs and of the `detail` of its events: the stored fields without the server's own. */
export function jobDetail(job: Job, summary: StatusSummary | undefined): Record<string, unknown> {
  const { parent: _parent, stuck: _stuck, live: _live, arrayProperties, container, ...rest } = job;
  return {
    ...rest,
    container: containerDetail(container, job),
    ...(arrayProperties === undefined
      ? {}
      : { arrayProperties: { statusSummary: summary ?? {}, ...arrayProperties } }),
    platformCapabilities: ["EC2"],
    eksAttempts: [],
  };
}

function containerDetail(container: ContainerProperties, job: Job): Record<string, unknown> {
  return {
    volumes: [],
    mountPoints: [],
    ulimits: [],
    networkInterfaces: [],
    secrets: [],
    ...container,
    vcpus: vcpusOf(job),
  };
}

/** A job in the form of ListJobs. */
export function jobSummary(job: Job, summary: StatusSummary | undefined): Record<string, unknown> {
  const { exitCode, reason } = job.container;
  return {
    jobArn: job.jobArn,
    jobId: job.jobId,
    jobName: job.jobName,
    jobDefinition: job.jobDefinition,
    createdAt: job.createdAt,
    status: job.status,
    ...(job.statusReason === undefined ? {} : { statusReason: job.statusReason }),
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt }),
    ...(job.stoppedAt === undefined ? {} : { stoppedAt: job.stoppedAt }),
    container: {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(reason === undefined ? {} : { reason }),
    },
    ...(job.arrayProperties === undefined
      ? {}
      : {
          arrayProperties: {
            ...job.arrayProperties,
            ...(summary === undefined ? {} : { statusSummary: summary }),
          },
        }),
  };
}
