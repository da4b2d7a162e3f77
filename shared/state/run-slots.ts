import { isActive, type Limit, type Run, statesBefore } from "./run.ts";
import type { RunMove } from "./run-changes.ts";
import { isWantedOnlyBy } from "./wanters.ts";

/**
 * The limits that a run needs a slot of, each once. If two of its limits have the same name, the stricter one counts.
 */
export function distinctLimits({ limits }: Pick<Run, "limits">): Limit[] {
  const byName = new Map<string, number>();
  for (const { name, limit } of limits) byName.set(name, Math.min(limit, byName.get(name) ?? limit));
  return [...byName].map(([name, limit]) => ({ name, limit }));
}

/** The names of the limits that a run needs a slot of, each once. */
export function limitNames(run: Pick<Run, "limits">): string[] {
  return distinctLimits(run).map(({ name }) => name);
}

/**
 * Whether a run may make a move: the transition table allows it, and the run doesn't begin without its slots, which
 * only an admission gives. A run that has begun (`activeSince`) has its slots. The conditions of a cancel must hold.
 */
export function mayMove(run: Run, move: RunMove): boolean {
  const hasBegun = run.activeSince !== undefined;
  const lacksSlots = move.to === "RUNNING" && !hasBegun && run.limits.length > 0;
  const isLate = move.to === "CANCELLING" && move.unbegun === true && hasBegun;
  const isWanted =
    move.to === "CANCELLING" && move.wantedOnlyBy !== undefined && !isWantedOnlyBy(run, move.wantedOnlyBy);
  return isActive(run) && statesBefore(move.to).includes(run.state) && !lacksSlots && !isLate && !isWanted;
}
