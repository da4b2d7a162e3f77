import { type StepFacts, type StepKey, stepFacts, stepKinds } from "./step-record.ts";

// What goes along when a step's record is replaced by the next one.
//
// The facts of a record go along with the step: from state to state and from attempt to attempt. What only some kinds of
// record have, such as a lease or an error, ends with that record. Newer code may have added fields of which this code
// cannot know which they are, so it takes each to be about the attempt: the field goes along with every change of the
// attempt, to its end, and the next attempt begins without it. Lost between two attempts, a field says less than it could;
// carried on, it would say of an attempt what was true of another. So a new field that has to outlast attempts is added in
// two deployments: one whose code knows it, then one whose code sets it.

/** A stored record's mark, which every write replaces. */
const mark = "version";

const known: ReadonlySet<string> = new Set([mark, ...stepKinds.flatMap(({ shape }) => Object.keys(shape))]);

/** Whether only some kinds of record have a field. */
const isOfSomeKinds = (name: string) => known.has(name) && !(name in stepFacts.shape);

function only(record: StepFacts, wanted: (name: string) => boolean): StepFacts {
  // Every fact is wanted in all cases.
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name))) as StepFacts;
}

/** The fields of a record that no schema has, for people to see. */
export function addedFields(record: StepFacts): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !known.has(name)));
}

/** The facts of a record as another record of the same attempt has them: with what newer code has added to them. */
export function factsOf(record: StepFacts): StepFacts {
  return only(record, (name) => !isOfSomeKinds(name));
}

/**
 * The facts of the attempt that follows within the epoch.
 *
 * @param now epoch milliseconds
 */
export function nextFacts(before: StepFacts, now: number): StepFacts {
  const facts = only(before, (name) => name in stepFacts.shape);
  return { ...facts, attempt: before.attempt + 1, startedAt: new Date(now).toISOString() };
}

/**
 * The facts of a step that begins in an epoch. Of an earlier one a child step keeps its run, to go on with it, and what is
 * known of jobs, and of the list that a map was over, stays known.
 *
 * @param now epoch milliseconds
 */
export function firstFacts(
  { runId, step, index }: StepKey,
  epoch: number,
  now: number,
  earlier?: StepFacts,
): StepFacts {
  return {
    ...{ runId, step, index, epoch },
    ...{ attempt: 1, failures: 0, startedAt: new Date(now).toISOString() },
    ...(earlier?.child && { child: earlier.child }),
    ...(earlier?.jobAttempts && { jobAttempts: earlier.jobAttempts }),
    ...(earlier?.list !== undefined && { list: earlier.list }),
  };
}
