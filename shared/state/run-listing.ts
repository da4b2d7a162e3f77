import type { Run } from "./run.ts";

/** Place of a run in lists: by the time it started, then by id. Also what the next page of a list starts after. */
export function listingKey(run: Pick<Run, "runId" | "startedAt">): string {
  return `${run.startedAt}#${run.runId}`;
}

/** The id of a run from its place in lists. */
export function runIdOfListing(key: string): string {
  return key.slice(key.indexOf("#") + 1);
}

/** Place of a run in its work queue: by priority, then by the time it was asked for, then by id. */
export function waitingKey(run: Pick<Run, "runId" | "priority" | "startedAt">): string {
  return `${String(run.priority).padStart(3, "0")}#${run.startedAt}#${run.runId}`;
}
