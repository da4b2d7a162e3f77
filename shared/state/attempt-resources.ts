import { memorySizes, onDemandQueue, type Resources } from "../pipeline/job.ts";
import { lossesTo, type StepFacts } from "./step-record.ts";

/** What an attempt gets of a machine, and the queue that it gets it from. Memory in MiB. */
export type AttemptResources = {
  readonly vcpus: number;
  readonly memory: number;
  readonly gpus: number;
  readonly queue: string;
};

/** Spot machines that a step may lose before it gets one that stays, where it does not say. */
export const defaultOnDemandAfter = 3;

/** Tries that a step has left on Spot machines; undefined where it never leaves its queue. */
function spotTriesLeft(resources: Resources, record: StepFacts): number | undefined {
  if (onDemandQueue(resources.queue) === undefined) return undefined;
  if (resources.spot === false) return 0;
  return Math.max(0, (resources.onDemandAfter ?? defaultOnDemandAfter) - lossesTo(record, "spot"));
}

/**
 * What a record's attempt gets. It follows from what the attempts before were lost to, and from nothing else, so that
 * whoever takes an attempt over looks for its job in the queue that it was sent to: the next size of memory for each time
 * that the last was too small, and a machine on demand once too many Spot machines were taken back.
 */
export function attemptResources(resources: Resources, record: StepFacts): AttemptResources {
  const { vcpus, gpus, queue } = resources;
  const sizes = memorySizes(resources);
  const memory = sizes[Math.min(lossesTo(record, "memory"), sizes.length - 1)] ?? 0;
  const onDemand = spotTriesLeft(resources, record) === 0 ? onDemandQueue(queue) : undefined;
  return { vcpus, memory, gpus, queue: onDemand ?? queue };
}

/** The queues that attempts of a step may be in. */
export function queuesOf({ queue }: Resources): string[] {
  const onDemand = onDemandQueue(queue);
  return onDemand === undefined ? [queue] : [queue, onDemand];
}

/** Most tries that AWS Batch may make of a job by itself, as its definition has it. */
const maxTries = 5;

/**
 * How often Batch itself may try an attempt's job: on a Spot machine no more often than the step may lose one. Undefined
 * where the job's definition decides.
 */
export function triesOfAttempt(resources: Resources, record: StepFacts): number | undefined {
  const left = spotTriesLeft(resources, record);
  return left === undefined || left === 0 ? undefined : Math.min(left, maxTries);
}
