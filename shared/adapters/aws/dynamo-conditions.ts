// Conditions of writes, named by what they protect. Every writer reads before it writes, or writes blindly, and may be late.

/**
 * Only the first write of an item takes effect. Two workers claim a step of which nothing is stored, or two events ask for
 * the same run: one makes the item, and the other gets what is there.
 */
export const isFirst = "attribute_not_exists(pk)";

/**
 * Only what was read is replaced. Worker A claims (mark 1) and stalls; its lease ends and worker B claims (mark 2); A wakes
 * up and commits on mark 1: refused, and B's work counts.
 */
export const isAsRead = "version = :previous";

/**
 * Only the epoch that was meant is changed. A step ends in epoch 1; meanwhile the run fails and somebody retries it
 * (epoch 2); the late join of epoch 1 must not count in epoch 2, where the step runs again.
 */
export const isInEpoch = "epoch = :epoch";

/** Only a run that has ended is closed or opened again: a retry may have come between the end and its closing. */
export const hasEnded = "attribute_exists(endedAt)";

/** Only a run that the sweep still has to look at gets another time for that: a late sweep must not bring a closed one back. */
export const isDue = "attribute_exists(dueAt)";

/**
 * A run that is being cancelled ends as it was to end: a worker that did not know of the cancel and finds the last step
 * done must not make a success of it.
 */
export const endsAsAsked = "(attribute_not_exists(endsAs) OR endsAs = :to)";
