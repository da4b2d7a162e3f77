import { errorOf } from "../pipeline/millrace-error.ts";
import { limitName, limitsOf, queueOf } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { admitRuns } from "../run/admit-runs.ts";
import type { ChangedLimit } from "./queue-view.ts";

/** No run takes a slot of this limit, so setting it would change nothing. */
export class LimitNotFoundError extends errorOf("LIMIT_NOT_FOUND") {}

/** The limits that runs of the deployed pipelines take slots of. */
function knownLimits({ pipelines }: Engine): string[] {
  return [...new Set([...pipelines.values()].flatMap(limitsOf).map(({ name }) => name))].sort();
}

/** The work queue in which runs wait for a limit's slots. */
function queueOfLimit({ pipelines }: Engine, limit: string): string {
  const pipeline = [...pipelines.values()].find(({ name }) => limitName.pipeline(name) === limit);
  // The limit is a work queue's, or its pipeline isn't deployed any more: the limit's own name is the queue.
  return pipeline === undefined ? limit.slice(limit.indexOf("/") + 1) : queueOf(pipeline);
}

/**
 * Sets how many runs may hold a limit's slots at once, and starts waiting runs while there are slots. If the limit is
 * lowered, runs that are already under way continue.
 *
 * @param slots null returns the limit to the value in the definitions
 * @throws LimitNotFoundError if no pipeline has this limit; nothing was set then
 */
export async function changeLimit(
  engine: Engine,
  limit: string,
  slots: number | null,
): Promise<ChangedLimit> {
  const known = knownLimits(engine);
  if (slots !== null && !known.includes(limit)) {
    throw new LimitNotFoundError(`there is no limit "${limit}"; limits are: ${known.join(", ") || "none"}`);
  }
  await engine.store.setLimit(limit, slots ?? undefined);
  await admitRuns(engine, queueOfLimit(engine, limit));
  const { holders } = await engine.store.getSlots(limit);
  return { limit, slots, held: holders.size };
}
