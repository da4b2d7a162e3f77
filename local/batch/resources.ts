import type { z } from "zod";
import { computeEnvironmentArn, definitionArn, nameOf, queueArn } from "./arn.ts";
import { ClientError } from "./errors.ts";
import type { ComputeEnvironment, JobDefinition, JobQueue } from "./job.ts";
import type * as requests from "./requests.ts";
import type { BatchStore } from "./store.ts";

/** Compute environments, queues and job definitions. Written through to the store. */
export class BatchResources {
  private readonly definitions = new Map<string, JobDefinition>();
  private readonly queues = new Map<string, JobQueue>();
  private readonly environments = new Map<string, ComputeEnvironment>();
  private readonly store: BatchStore;

  constructor(store: BatchStore) {
    this.store = store;
    for (const found of store.resources("definition")) this.definitions.set(found.jobDefinitionArn, found);
    for (const found of store.resources("queue")) this.queues.set(found.jobQueueArn, found);
    for (const found of store.resources("environment"))
      this.environments.set(found.computeEnvironmentArn, found);
  }

  registerDefinition(request: z.output<typeof requests.registerJobDefinition>): JobDefinition {
    const revision = this.revisionsOf(request.jobDefinitionName).length + 1;
    const { retryStrategy, timeout, containerProperties, ...rest } = request;
    const { jobRoleArn, executionRoleArn, ...container } = containerProperties;
    const definition: JobDefinition = {
      ...rest,
      jobDefinitionArn: definitionArn(request.jobDefinitionName, revision),
      revision,
      status: "ACTIVE",
      ...(retryStrategy === undefined ? {} : { retryStrategy: withoutUndefinedRules(retryStrategy) }),
      ...(timeout === undefined ? {} : { timeout }),
      containerProperties: {
        ...container,
        ...(jobRoleArn === undefined ? {} : { jobRoleArn }),
        ...(executionRoleArn === undefined ? {} : { executionRoleArn }),
      },
    };
    this.keepDefinition(definition);
    return definition;
  }

  private keepDefinition(definition: JobDefinition): void {
    this.definitions.set(definition.jobDefinitionArn, definition);
    this.store.saveResource("definition", definition.jobDefinitionArn, definition);
  }

  private revisionsOf(name: string): JobDefinition[] {
    return [...this.definitions.values()].filter((definition) => definition.jobDefinitionName === name);
  }

  /** The definition that a name, `name:revision` or ARN refers to: without a revision, the latest active one. */
  definition(reference: string): JobDefinition | undefined {
    const name = nameOf(reference);
    const colon = name.lastIndexOf(":");
    if (colon > 0)
      return this.definitions.get(definitionArn(name.slice(0, colon), Number(name.slice(colon + 1))));
    return this.revisionsOf(name)
      .filter((definition) => definition.status === "ACTIVE")
      .at(-1);
  }

  deregisterDefinition(reference: string): void {
    const definition = this.definition(reference);
    if (definition === undefined) throw new ClientError(`JobDefinition ${reference} does not exist`);
    this.keepDefinition({ ...definition, status: "INACTIVE" });
  }

  describeDefinitions(request: z.output<typeof requests.describeJobDefinitions>): JobDefinition[] {
    let found = [...this.definitions.values()];
    if (request.jobDefinitions !== undefined) {
      const wanted = new Set(
        request.jobDefinitions.map((reference) => this.definition(reference)?.jobDefinitionArn),
      );
      found = found.filter((definition) => wanted.has(definition.jobDefinitionArn));
    }
    if (request.jobDefinitionName !== undefined) {
      found = found.filter((definition) => definition.jobDefinitionName === request.jobDefinitionName);
    }
    return found.filter((definition) => request.status === undefined || definition.status === request.status);
  }

  createEnvironment(request: z.output<typeof requests.createComputeEnvironment>): ComputeEnvironment {
    const arn = computeEnvironmentArn(request.computeEnvironmentName);
    if (this.environments.has(arn)) throw new ClientError("Object already exists");
    const environment: ComputeEnvironment = {
      computeEnvironmentName: request.computeEnvironmentName,
      computeEnvironmentArn: arn,
      type: request.type,
      state: request.state,
      maxvCpus: request.computeResources.maxvCpus,
      computeResourceType: request.computeResources.type,
    };
    this.environments.set(arn, environment);
    this.store.saveResource("environment", arn, environment);
    return environment;
  }

  describeEnvironments(names: string[] | undefined): ComputeEnvironment[] {
    const wanted = names?.map((name) => computeEnvironmentArn(nameOf(name)));
    return [...this.environments.values()].filter((e) => wanted?.includes(e.computeEnvironmentArn) ?? true);
  }

  createQueue(request: z.output<typeof requests.createJobQueue>): JobQueue {
    const arn = queueArn(request.jobQueueName);
    if (this.queues.has(arn)) throw new ClientError("Object already exists");
    const order = request.computeEnvironmentOrder.map((entry) => {
      const environment = computeEnvironmentArn(nameOf(entry.computeEnvironment));
      if (!this.environments.has(environment)) {
        throw new ClientError(`ComputeEnvironment ${entry.computeEnvironment} does not exist`);
      }
      return { order: entry.order, computeEnvironment: environment };
    });
    const queue: JobQueue = {
      jobQueueName: request.jobQueueName,
      jobQueueArn: arn,
      state: request.state,
      priority: request.priority,
      computeEnvironmentOrder: order.sort((a, b) => a.order - b.order),
      tags: request.tags,
    };
    this.queues.set(arn, queue);
    this.store.saveResource("queue", arn, queue);
    return queue;
  }

  /** The queue that a name or ARN refers to. */
  queue(reference: string): JobQueue | undefined {
    return this.queues.get(queueArn(nameOf(reference)));
  }

  describeQueues(names: string[] | undefined): JobQueue[] {
    const wanted = names?.map((name) => queueArn(nameOf(name)));
    return [...this.queues.values()].filter((queue) => wanted?.includes(queue.jobQueueArn) ?? true);
  }

  /** Queues by priority, highest first, each with the compute environment that runs its jobs. */
  schedulingOrder(): { queue: JobQueue; environment: ComputeEnvironment }[] {
    const order: { queue: JobQueue; environment: ComputeEnvironment }[] = [];
    for (const queue of this.queues.values()) {
      const environment = queue.computeEnvironmentOrder
        .map((entry) => this.environments.get(entry.computeEnvironment))
        .find((found) => found?.state === "ENABLED");
      if (environment !== undefined) order.push({ queue, environment });
    }
    return order.sort((a, b) => b.queue.priority - a.queue.priority);
  }
}

type ParsedRetry = NonNullable<z.output<typeof requests.submitJob>["retryStrategy"]>;

/** The retry strategy in stored form: a rule holds only the conditions that it was given. */
export function withoutUndefinedRules(parsed: ParsedRetry): NonNullable<JobDefinition["retryStrategy"]> {
  return {
    attempts: parsed.attempts,
    evaluateOnExit: parsed.evaluateOnExit.map(({ action, onStatusReason, onReason, onExitCode }) => ({
      action,
      ...(onStatusReason === undefined ? {} : { onStatusReason }),
      ...(onReason === undefined ? {} : { onReason }),
      ...(onExitCode === undefined ? {} : { onExitCode }),
    })),
  };
}
