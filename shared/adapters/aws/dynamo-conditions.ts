// Conditions of writes, named after what they protect. Every writer may be late, whether it reads before it writes or
// writes blindly.

/**
 * Only the first write of an item takes effect. If two workers claim a step that has no record yet, or two events
 * request the same run, one creates the item, and the other gets the existing one.
 */
export const isFirst = "attribute_not_exists(pk)";

/**
 * A write replaces only what was read. Worker A claims (mark 1) and stalls. Its lease ends and worker B claims (mark
 * 2). A wakes up and commits on mark 1: the write is refused, and B's work counts.
 */
export const isUnchangedVersion = "version = :previous";

/**
 * A write changes only the epoch that it was meant for. A step ends in epoch 1; meanwhile the run fails and somebody
 * retries it (epoch 2). The late join of epoch 1 must not count in epoch 2, where the step runs again.
 */
export const isInEpoch = "epoch = :epoch";

/**
 * A member joins once: what it has cost is added to a sum, and must not be added again when the join is repeated.
 *
 * @param sets the sets that a member may be in
 */
export function isNotIn(sets: readonly string[], member: string): string {
  return sets.map((set) => `NOT contains(${set}, ${member})`).join(" AND ");
}

/** Only a run that has ended is closed or opened again: a retry may have come between the end and its closing. */
export const hasEnded = "attribute_exists(endedAt)";

/**
 * Only a run that the sweep still has to look at gets a new due time: a late sweep must not bring back a closed run.
 */
export const isDue = "attribute_exists(dueAt)";

/**
 * A run that is being cancelled ends in the requested state. A worker that doesn't know about the cancellation and sees
 * the last step finish must not mark the run as succeeded.
 */
export const endsAsRequested = "(attribute_not_exists(endsAs) OR endsAs = :to)";
