import {
  beginsOnLambda,
  functionMemory,
  functionQueue,
  functionVcpus,
  memorySizes,
  onDemandQueue,
  type Resources,
} from "../pipeline/job.ts";
import { lossesTo, type StepFacts } from "./step-record.ts";

/** The resources of an attempt, and the queue that it gets its machine from. Memory is in MiB. */
export type AttemptResources = {
  readonly vcpus: number;
  readonly memory: number;
  readonly gpus: number;
  readonly queue: string;
};

/** Number of Spot machines that a step may lose before it gets an on-demand machine, if its resources don't say. */
export const defaultOnDemandAfter = 3;

/** How many tries a step has left on Spot machines; undefined if the step never leaves its queue. */
function spotTriesLeft(resources: Resources, record: StepFacts): number | undefined {
  if (onDemandQueue(resources.queue) === undefined) return undefined;
  if (resources.spot === false) return 0;
  return Math.max(0, (resources.onDemandAfter ?? defaultOnDemandAfter) - lossesTo(record, "spot"));
}

/** Whether a record's attempt is a call of a Lambda function. */
function isOnLambda(resources: Resources, record: StepFacts): boolean {
  if (!beginsOnLambda(resources)) return false;
  return resources.runs === "lambda" || (lossesTo(record, "memory") === 0 && lossesTo(record, "time") === 0);
}

/**
 * The resources of a record's attempt. Memory moves to the next size each time an attempt ran out of memory, and the
 * machine becomes an on-demand one after too many Spot machines were taken back. This depends only on the losses of
 * earlier attempts, so a worker that takes over an attempt looks for its job in the queue that it was sent to.
 */
export function attemptResources(resources: Resources, record: StepFacts): AttemptResources {
  const { vcpus, gpus, queue } = resources;
  if (isOnLambda(resources, record))
    return { vcpus: functionVcpus, memory: functionMemory, gpus: 0, queue: functionQueue };
  const sizes = memorySizes(resources);
  const memory = sizes[Math.min(lossesTo(record, "memory"), sizes.length - 1)] ?? 0;
  const onDemand = spotTriesLeft(resources, record) === 0 ? onDemandQueue(queue) : undefined;
  return { vcpus, memory, gpus, queue: onDemand ?? queue };
}

/** The queues that attempts of a step may be in. */
export function queuesOf(resources: Resources): string[] {
  const { queue, runs } = resources;
  const first = beginsOnLambda(resources) ? [functionQueue] : [];
  if (runs === "lambda") return first;
  const onDemand = onDemandQueue(queue);
  return onDemand === undefined ? [...first, queue] : [...first, queue, onDemand];
}

/** Maximum number of tries that AWS Batch may make of a job by itself, as set in the job's definition. */
const maxTries = 5;

/**
 * Maximum number of tries that Batch itself may make of an attempt's job. On Spot machines, that is at most the number
 * of machines that the step may still lose. Undefined if the job's definition decides.
 */
export function triesOfAttempt(resources: Resources, record: StepFacts): number | undefined {
  if (isOnLambda(resources, record)) return undefined;
  const left = spotTriesLeft(resources, record);
  return left === undefined || left === 0 ? undefined : Math.min(left, maxTries);
}
