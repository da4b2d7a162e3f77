import type { Run } from "./run.ts";

/** A run's place in lists: by start time, then by id. The next page of a list starts after such a place. */
export function listingKey(run: Pick<Run, "runId" | "startedAt">): string {
  return `${run.startedAt}#${run.runId}`;
}

/** The id of a run from its place in lists. */
export function runIdOfListing(key: string): string {
  return key.slice(key.indexOf("#") + 1);
}

/** A run's place in its work queue: by priority, then by request time, then by id. */
export function waitingKey(run: Pick<Run, "runId" | "priority" | "startedAt">): string {
  return `${String(run.priority).padStart(3, "0")}#${run.startedAt}#${run.runId}`;
}
