import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { jobArn } from "./arn.ts";
import { ClientError } from "./errors.ts";
import type { Job, JobDefinition, NameValue, ResourceRequirement, RetryStrategy } from "./job.ts";
import type { JobTable } from "./job-table.ts";
import type * as requests from "./requests.ts";
import { type BatchResources, withoutUndefinedRules } from "./resources.ts";

type SubmitRequest = z.output<typeof requests.submitJob>;

function mergeEnvironment(base: NameValue[], over: NameValue[]): NameValue[] {
  const merged = new Map([...base, ...over].map((entry) => [entry.name, entry]));
  return [...merged.values()];
}

function mergeRequirements(base: ResourceRequirement[], over: ResourceRequirement[]): ResourceRequirement[] {
  const merged = new Map([...base, ...over].map((entry) => [entry.type, entry]));
  return [...merged.values()];
}

/** Replaces `Ref::name` in a command with parameters. A name without a parameter stays, as on AWS. */
export function substitute(command: string[], parameters: Record<string, string>): string[] {
  return command.map((word) =>
    word.replaceAll(/Ref::([A-Za-z0-9_-]+)/g, (ref, name: string) => parameters[name] ?? ref),
  );
}

function retryStrategyOf(request: SubmitRequest, definition: JobDefinition): RetryStrategy {
  if (request.retryStrategy !== undefined) return withoutUndefinedRules(request.retryStrategy);
  return definition.retryStrategy ?? { attempts: 1, evaluateOnExit: [] };
}

/**
 * The jobs that a submission creates: the job, or an array's parent followed by its children.
 * @throws {ClientError} if the queue, the definition or a dependency doesn't exist
 */
export function jobsOf(request: SubmitRequest, resources: BatchResources, table: JobTable): [Job, ...Job[]] {
  const queue = resources.queue(request.jobQueue);
  if (queue === undefined) throw new ClientError(`JobQueue ${request.jobQueue} does not exist`);
  if (queue.state !== "ENABLED") throw new ClientError(`JobQueue ${request.jobQueue} is disabled`);
  const definition = resources.definition(request.jobDefinition);
  if (definition === undefined || definition.status !== "ACTIVE") {
    throw new ClientError(`JobDefinition ${request.jobDefinition} does not exist or is not active`);
  }
  const size = request.arrayProperties?.size;
  for (const { jobId, type } of request.dependsOn) {
    if (jobId !== undefined && table.get(jobId) === undefined)
      throw new ClientError(`Job ${jobId} does not exist`);
    if (type !== undefined && size === undefined)
      throw new ClientError(`dependsOn: ${type} needs an array job`);
  }

  const jobId = randomUUID();
  const overrides = request.containerOverrides;
  const properties = definition.containerProperties;
  const parameters = { ...definition.parameters, ...request.parameters };
  const timeout = request.timeout ?? definition.timeout;
  const job: Job = {
    jobId,
    jobArn: jobArn(jobId),
    jobName: request.jobName,
    jobQueue: queue.jobQueueArn,
    jobDefinition: definition.jobDefinitionArn,
    status: "SUBMITTED",
    createdAt: Date.now(),
    attempts: [],
    retryStrategy: retryStrategyOf(request, definition),
    ...(timeout === undefined ? {} : { timeout }),
    dependsOn: request.dependsOn.map(({ jobId: id, type }) => ({
      ...(id === undefined ? {} : { jobId: id }),
      ...(type === undefined ? {} : { type }),
    })),
    parameters,
    tags: request.tags,
    ...(request.propagateTags === undefined ? {} : { propagateTags: request.propagateTags }),
    ...(request.shareIdentifier === undefined ? {} : { shareIdentifier: request.shareIdentifier }),
    ...(request.schedulingPriorityOverride === undefined
      ? {}
      : { schedulingPriority: request.schedulingPriorityOverride }),
    container: {
      ...properties,
      command: substitute(overrides.command ?? properties.command, parameters),
      environment: mergeEnvironment(properties.environment, overrides.environment ?? []),
      resourceRequirements: mergeRequirements(
        properties.resourceRequirements,
        overrides.resourceRequirements ?? [],
      ),
    },
    isCancelled: false,
    isTerminated: false,
  };
  if (size === undefined) return [job];
  const parent: Job = { ...job, arrayProperties: { size } };
  return [parent, ...Array.from({ length: size }, (_, index) => childOf(parent, index))];
}

function childOf(parent: Job, index: number): Job {
  const jobId = `${parent.jobId}:${index}`;
  return {
    ...parent,
    jobId,
    jobArn: jobArn(jobId),
    parent: parent.jobId,
    arrayProperties: { index },
    attempts: [],
    container: { ...parent.container },
    dependsOn: parent.dependsOn.flatMap(({ jobId: id, type }) => {
      if (type === "N_TO_N" && id !== undefined) return [{ jobId: `${id}:${index}` }];
      if (type === "SEQUENTIAL") return index === 0 ? [] : [{ jobId: `${parent.jobId}:${index - 1}` }];
      return id === undefined ? [] : [{ jobId: id }];
    }),
  };
}
