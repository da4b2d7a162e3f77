import type { RunStore } from "../ports/run-store.ts";
import type { Run } from "../state/run.ts";
import { distinctLimits } from "../state/run-slots.ts";

/** A limit that has no slot left, and the runs that hold its slots. */
export type FullLimit = { limit: string; slots: number; holders: string[] };

/** The limits that keep a waiting run from beginning. Empty if it's about to begin. */
export async function fullLimits(
  store: Pick<RunStore, "getSlots">,
  run: Pick<Run, "limits">,
): Promise<FullLimit[]> {
  const full: FullLimit[] = [];
  for (const { name, limit } of distinctLimits(run)) {
    const { holders, limit: set } = await store.getSlots(name);
    const slots = set ?? limit;
    if (holders.size >= slots) full.push({ limit: name, slots, holders: [...holders].sort() });
  }
  return full;
}
