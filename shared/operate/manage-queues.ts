import * as z from "zod";
import { maxSlots } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { changeLimit } from "./change-limit.ts";
import { previewQueue, previewQueues } from "./preview-queue.ts";
import type { ChangedLimit, QueueView } from "./queue-view.ts";

/** The requests that operators can make about limits, and about the queues of runs that wait for slots. */
export const queueRequests = [
  z.strictObject({
    action: z.literal("limit"),
    /** The limit of a pipeline or of a work queue: `pipeline/ridge-sweep`, `queue/gpu`. */
    limit: z.string().regex(/^(pipeline|queue)\/[a-z][a-z0-9-]{0,39}$/, {
      error: ({ input }) => `is "${String(input)}"; it takes pipeline/NAME or queue/NAME`,
    }),
    /** Number of runs at once. 0 lets no run begin; null returns the limit to the value in the definitions. */
    slots: z.int().min(0).max(maxSlots).nullable(),
  }),
  z.strictObject({
    action: z.literal("queue"),
    queue: z.string().min(1),
    /** Maximum number of waiting runs in the answer. */
    limit: z.int().min(1).max(500).default(50),
  }),
  z.strictObject({ action: z.literal("queues") }),
] as const;
type QueueRequest = z.output<(typeof queueRequests)[number]>;

/** The answers about queues. */
export type QueueAnswer = ChangedLimit | QueueView | QueueView[];

/** Number of waiting runs to show of each queue in a list of all queues. */
const firstOfEach = 5;

type RequestFields<A extends QueueRequest["action"]> = Omit<Extract<QueueRequest, { action: A }>, "action">;

/**
 * The action for each request about queues.
 *
 * @throws LimitNotFoundError, QueueNotFoundError; nothing was done then
 */
export const queueActions: {
  readonly [A in QueueRequest["action"]]: (engine: Engine, fields: RequestFields<A>) => Promise<QueueAnswer>;
} = {
  limit: (engine, { limit, slots }) => changeLimit(engine, limit, slots),
  queue: (engine, { queue, limit }) => previewQueue(engine, queue, limit),
  queues: (engine) => previewQueues(engine, firstOfEach),
};
