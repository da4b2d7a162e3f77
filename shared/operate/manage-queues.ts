import * as z from "zod";
import { maxSlots } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { changeLimit } from "./change-limit.ts";
import { previewQueue, previewQueues } from "./preview-queue.ts";
import type { ChangedLimit, QueueView } from "./queue-view.ts";

/** What operators can ask of limits and of the queues of runs that wait for their slots. */
export const queueRequests = [
  z.strictObject({
    action: z.literal("limit"),
    /** A pipeline or a work queue: `pipeline/ridge-sweep`, `queue/gpu`. */
    limit: z.string().regex(/^(pipeline|queue)\/[a-z][a-z0-9-]{0,39}$/, {
      error: ({ input }) => `is "${String(input)}"; it takes pipeline/NAME or queue/NAME`,
    }),
    /** Runs at once, 0 to let none begin; null gives the limit back to the definitions. */
    slots: z.int().min(0).max(maxSlots).nullable(),
  }),
  z.strictObject({
    action: z.literal("queue"),
    queue: z.string().min(1),
    /** How many of those who wait are listed. */
    limit: z.int().min(1).max(500).default(50),
  }),
  z.strictObject({ action: z.literal("queues") }),
] as const;
type QueueRequest = z.output<(typeof queueRequests)[number]>;

/** What is answered about queues. */
export type QueueAnswer = ChangedLimit | QueueView | QueueView[];

/** Of each queue in a list of all. */
const firstOfEach = 5;

type Asked<A extends QueueRequest["action"]> = Omit<Extract<QueueRequest, { action: A }>, "action">;

/**
 * What is done for each request about queues.
 *
 * @throws LimitNotFoundError, QueueNotFoundError; nothing was done then
 */
export const queueActions: {
  readonly [A in QueueRequest["action"]]: (engine: Engine, asked: Asked<A>) => Promise<QueueAnswer>;
} = {
  limit: (engine, { limit, slots }) => changeLimit(engine, limit, slots),
  queue: (engine, { queue, limit }) => previewQueue(engine, queue, limit),
  queues: (engine) => previewQueues(engine, firstOfEach),
};
