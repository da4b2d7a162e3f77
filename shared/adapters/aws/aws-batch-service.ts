import {
  type BatchClient,
  ClientException,
  DescribeJobsCommand,
  ListJobsCommand,
  type ListJobsCommandOutput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { jobDetail } from "../../batch/job-detail.ts";
import {
  type BatchService,
  type JobDetail,
  JobRejectedError,
  type JobSubmission,
} from "../../ports/batch-service.ts";
import { nativeRetryRules } from "./native-retries.ts";

/** Where jobs go. */
export type BatchTargets = {
  /** ARN of each job queue, by the name that job contracts use. */
  readonly queues: Readonly<Record<string, string>>;
  /** The prefix of job definition names; the job family follows it. */
  readonly definitionPrefix: string;
};

/** DescribeJobs accepts no more ids than this. */
const maxDescribed = 100;

/** States of jobs that have a machine or are getting one. */
const servedStates = ["RUNNING", "STARTING"] as const;

/** Batch takes CPU, memory and GPUs only as requirements, as text. It refuses a GPU count of 0, so that is left out. */
function requirements({ vcpus, memory, gpus }: JobSubmission["resources"]) {
  return [
    { type: "VCPU" as const, value: String(vcpus) },
    { type: "MEMORY" as const, value: String(memory) },
    ...(gpus > 0 ? [{ type: "GPU" as const, value: String(gpus) }] : []),
  ];
}

/** The tags that cost reports and consoles group jobs by. Values may be up to 256 characters long. */
function tagsOf({ environment }: JobSubmission): Record<string, string> {
  const tags = {
    "millrace:pipeline": environment.MILLRACE_PIPELINE,
    "millrace:run": environment.MILLRACE_RUN_ID,
    "millrace:step": environment.MILLRACE_STEP,
    "millrace:tags": environment.MILLRACE_TAGS,
  };
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value.slice(0, 256)]],
    ),
  );
}

/**
 * SubmitJob without the SDK's retries: a submission whose answer was lost may have worked, and an immediate retry would
 * submit a second job. Callers look for the job's name before they try again.
 */
function submitOnce(request: SubmitJobCommandInput): SubmitJobCommand {
  const command = new SubmitJobCommand(request);
  command.middlewareStack.add((next) => next, {
    name: "retryMiddleware",
    step: "finalizeRequest",
    priority: "high",
    override: true,
  });
  return command;
}

/** AWS Batch. */
export function awsBatchService(
  client: BatchClient,
  { queues, definitionPrefix }: BatchTargets,
): BatchService {
  const queueArn = (queue: string): string => {
    const arn = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
    if (arn !== undefined) return arn;
    const known = Object.keys(queues).join(", ") || "none";
    throw new JobRejectedError(`there is no job queue "${queue}"; this stage has ${known}`);
  };

  const describe = async (ids: readonly string[]): Promise<JobDetail[]> => {
    const batches = Array.from({ length: Math.ceil(ids.length / maxDescribed) }, (_, place) =>
      ids.slice(place * maxDescribed, (place + 1) * maxDescribed),
    );
    const answers = await Promise.all(
      batches.map((jobs) => client.send(new DescribeJobsCommand({ jobs: [...jobs] }))),
    );
    return answers.flatMap((answer) => (answer.jobs ?? []).map((job) => jobDetail.parse(job)));
  };

  return {
    async submit(job) {
      const request: SubmitJobCommandInput = {
        jobName: job.name,
        jobQueue: queueArn(job.resources.queue),
        jobDefinition: `${definitionPrefix}${job.family}`,
        containerOverrides: {
          command: [...job.command],
          environment: Object.entries(job.environment).map(([name, value]) => ({ name, value })),
          resourceRequirements: requirements(job.resources),
        },
        timeout: { attemptDurationSeconds: Math.ceil(job.timeout) },
        // This replaces the definition's retry strategy as a whole, so the rules are included.
        ...(job.tries !== undefined && {
          retryStrategy: { attempts: job.tries, evaluateOnExit: [...nativeRetryRules] },
        }),
        ...(job.arraySize !== undefined && { arrayProperties: { size: job.arraySize } }),
        tags: tagsOf(job),
        propagateTags: true,
      };
      const { jobId } = await client.send(submitOnce(request)).catch((error: unknown) => {
        throw error instanceof ClientException
          ? new JobRejectedError(error.message, { cause: error })
          : error;
      });
      if (jobId === undefined) throw new TypeError(`Batch took job "${job.name}" but gave no id for it`);
      return jobId;
    },

    complete: async () => {},

    async findByName(name, queue) {
      const ids: string[] = [];
      let nextToken: string | undefined;
      do {
        const page: ListJobsCommandOutput = await client.send(
          new ListJobsCommand({
            jobQueue: queueArn(queue),
            // With this filter Batch lists jobs in all states. The filter ignores case, and an asterisk is a wildcard.
            filters: [{ name: "JOB_NAME", values: [name] }],
            ...(nextToken !== undefined && { nextToken }),
          }),
        );
        for (const { jobId, jobName } of page.jobSummaryList ?? []) {
          if (jobId !== undefined && jobName === name) ids.push(jobId);
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return ids;
    },

    describe,

    async isServing(queue) {
      // One page for each state: if there are more array jobs than that, only the first ones are checked.
      const list = async (jobStatus: "PENDING" | (typeof servedStates)[number]) => {
        const request = { jobQueue: queueArn(queue), jobStatus, maxResults: maxDescribed };
        return (await client.send(new ListJobsCommand(request))).jobSummaryList ?? [];
      };
      for (const state of servedStates) if ((await list(state)).length > 0) return true;
      // An array job itself stays PENDING until its children have ended, but it counts their states.
      const arrays = (await list("PENDING")).flatMap(({ jobId, arrayProperties }) =>
        jobId === undefined || arrayProperties?.size === undefined ? [] : [jobId],
      );
      if (arrays.length === 0) return false;
      const { jobs = [] } = await client.send(new DescribeJobsCommand({ jobs: arrays }));
      return jobs.some(({ arrayProperties }) =>
        servedStates.some((state) => (arrayProperties?.statusSummary?.[state] ?? 0) > 0),
      );
    },

    async terminate(id, reason) {
      try {
        await client.send(new TerminateJobCommand({ jobId: id, reason }));
      } catch (error) {
        // Batch answers an unknown id with the same error as any other bad request.
        if (!(error instanceof ClientException) || (await describe([id])).length > 0) throw error;
      }
    },
  };
}
