import type { Engine } from "../../ports/engine.ts";
import { type WaitingApprovals, waitingApprovals } from "../../run/waiting-approvals.ts";

/** Approvals on the page: each has two forms. */
export const maxApprovals = 25;

/** What waits for a person, in three rounds: the approvals; their runs, in one batch; the graphs of those. */
export function readApprovals({ store }: Engine): Promise<WaitingApprovals> {
  return waitingApprovals(store, maxApprovals);
}
