import type { Run } from "./run.ts";

// Several backfills may want one run: the run of a pipeline and a time. Cancelling one of
// them must not end a run that another one waits for.

/**
 * Whether a run's record says who wants the run. Only the records of runs that a backfill started do, because a
 * backfill's cancel ends only such runs.
 */
export function hasWanters({ cause }: Pick<Run, "cause">): boolean {
  return cause.kind === "backfill";
}

/** Who wants a run. A run without the field, such as one that older code started, is wanted by its cause. */
export function wantersOf({ wantedBy, cause }: Pick<Run, "wantedBy" | "cause">): ReadonlySet<string> {
  return wantedBy ?? new Set([cause.kind === "backfill" ? cause.backfill : cause.kind]);
}

/** Whether two sets of wanters are the same. */
export function sameWanters(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((wanter) => other.has(wanter));
}

/** Whether somebody wants a run, and nobody else does. */
export function isWantedOnlyBy(run: Pick<Run, "wantedBy" | "cause">, wanter: string): boolean {
  const wanters = wantersOf(run);
  return wanters.size === 1 && wanters.has(wanter);
}

/** Whether somebody else may still begin to want a run: it has not ended, and is not being cancelled. */
export function mayBeWanted({ state }: Run): boolean {
  return state === "SCHEDULED" || state === "QUEUED" || state === "RUNNING" || state === "PAUSED";
}
