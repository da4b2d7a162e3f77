import { errorOf } from "../pipeline/millrace-error.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { limitsOf, queueOf } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { backfillLimit } from "../state/backfill.ts";
import type { LimitView, QueueView } from "./queue-view.ts";

/** This queue is not the work queue of any pipeline. */
export class QueueNotFoundError extends errorOf("QUEUE_NOT_FOUND") {}

/**
 * Pipelines by the work queue that their runs wait in. Pipelines without a limit are included, because their backfills
 * have one.
 */
function queuesOf({ pipelines }: Engine): Map<string, Pipeline[]> {
  return Map.groupBy(pipelines.values(), queueOf);
}

/** The limits that definitions set for a queue, with the smallest number of slots; null for no limit. */
function definedLimits(pipelines: readonly Pipeline[]): Map<string, number | null> {
  const limits = new Map<string, number | null>();
  for (const { name, slots = Number.POSITIVE_INFINITY } of pipelines.flatMap(limitsOf)) {
    const least = Math.min(limits.get(name) ?? Number.POSITIVE_INFINITY, slots);
    limits.set(name, Number.isFinite(least) ? least : null);
  }
  return limits;
}

async function viewLimit(engine: Engine, limit: string, defined: number | null): Promise<LimitView> {
  const { holders, limit: set, ...shown } = await engine.store.getSlots(limit);
  // A backfill sets its limit itself.
  const setByHand = set !== undefined && !limit.startsWith(backfillLimit(""));
  return { ...shown, limit, slots: set ?? defined, setByHand, holders: [...holders].sort() };
}

const isFull = ({ slots, holders }: LimitView) => slots !== null && holders.length >= slots;

async function preview(
  engine: Engine,
  queue: string,
  pipelines: readonly Pipeline[],
  max: number,
): Promise<QueueView> {
  const places = await engine.store.waitingRuns(queue, max + 1);
  const found = await Promise.all(places.slice(0, max).map(({ runId }) => engine.store.getRun(runId)));
  const waiting = found.flatMap((run) => (run?.state === "QUEUED" ? [run] : []));
  const defined = definedLimits(pipelines);
  // Limits that only some runs have, such as those of a backfill.
  for (const { limits } of waiting) {
    for (const { name, limit } of limits) if (!defined.has(name)) defined.set(name, limit);
  }
  const limits = await Promise.all([...defined].map(([name, slots]) => viewLimit(engine, name, slots)));
  const full = new Set(limits.filter(isFull).map(({ limit }) => limit));
  return {
    queue,
    pipelines: pipelines.map(({ name }) => name),
    limits,
    waiting: waiting.map(({ runId, pipeline, name, priority, startedAt, limits: needed }) => ({
      ...{ runId, pipeline, name, priority, startedAt },
      waitsFor: needed.map((limit) => limit.name).filter((limit) => full.has(limit)),
    })),
    more: places.length > max,
  };
}

/**
 * A work queue: the waiting runs in their order, and the runs that hold the slots.
 *
 * @param max maximum number of runs to list
 * @throws QueueNotFoundError
 */
export async function previewQueue(engine: Engine, queue: string, max: number): Promise<QueueView> {
  const queues = queuesOf(engine);
  const pipelines = queues.get(queue);
  if (pipelines !== undefined) return preview(engine, queue, pipelines, max);
  // A deployment may have removed a queue in which runs still wait.
  if ((await engine.store.waitingRuns(queue, 1)).length > 0) return preview(engine, queue, [], max);
  const known = [...queues.keys()].sort().join(", ");
  throw new QueueNotFoundError(`there is no queue "${queue}"; queues are: ${known}`);
}

/**
 * Every work queue of the deployed pipelines that has a limit or waiting runs, by name, each with its first waiting
 * runs.
 */
export async function previewQueues(engine: Engine, max: number): Promise<QueueView[]> {
  const queues = [...queuesOf(engine)].sort(([a], [b]) => (a < b ? -1 : 1));
  const views = await Promise.all(queues.map(([queue, pipelines]) => preview(engine, queue, pipelines, max)));
  return views.filter(({ limits, waiting }) => limits.length > 0 || waiting.length > 0);
}
