import { previewQueue, previewQueues } from "../../operate/preview-queue.ts";
import type { QueueView } from "../../operate/queue-view.ts";
import type { Engine } from "../../ports/engine.ts";
import type { RequestOf } from "../page-request.ts";

/** One work queue with those that wait in it, or all queues with the first of each. */
export type QueuesPageData = { readonly one: QueueView } | { readonly all: readonly QueueView[] };

/** Waiting runs that a queue's own page lists. Each is one read. */
export const maxWaiting = 50;
/** Waiting runs that the list of all queues reads of each. */
const firstOfEach = 1;

/**
 * Reads one queue in three rounds: its places; the runs in them; its limits. All queues take the same rounds at once.
 *
 * @throws QueueNotFoundError
 */
export async function readQueues(engine: Engine, { queue }: RequestOf<"queues">): Promise<QueuesPageData> {
  if (queue !== undefined) return { one: await previewQueue(engine, queue, maxWaiting) };
  return { all: await previewQueues(engine, firstOfEach) };
}
