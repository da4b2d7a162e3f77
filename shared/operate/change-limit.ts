import type { Engine } from "../engine.ts";
import { admitRuns } from "../run/admit-runs.ts";

/** A limit as an operator is told of it: its own slots (null: as the definitions say), and how many are held. */
export type ChangedLimit = { limit: string; slots: number | null; held: number };

/** The work queue that runs wait in for a limit's slots. */
function queueOf(engine: Engine, limit: string): string {
  const [kind, name = ""] = limit.split("/");
  if (kind === "queue") return name;
  return engine.pipelines.get(name)?.concurrency.queue?.name ?? name;
}

/**
 * Sets how many runs may hold a limit's slots at once, and starts those that wait as far as there are now slots. Runs
 * beyond a lowered limit go on.
 *
 * @param slots null gives the limit back to the definitions
 */
export async function changeLimit(
  engine: Engine,
  limit: string,
  slots: number | null,
): Promise<ChangedLimit> {
  await engine.store.setLimit(limit, slots ?? undefined);
  await admitRuns(engine, queueOf(engine, limit));
  const { holders } = await engine.store.getSlots(limit);
  return { limit, slots, held: holders.size };
}
