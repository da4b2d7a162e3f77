import { type StepFacts, type StepKey, stepFacts, stepKinds } from "./step-record.ts";

// What the next record of a step takes over from the one that it replaces.
//
// - A fact stays with the step, from state to state and from attempt to attempt.
// - A field that only some kinds of record have, such as a lease or an error, ends with its record.
// - A field that newer code has added belongs to the attempt: it stays to the attempt's end, in whatever state, and the next
//   attempt begins without it. This code can't know whether it is a fact. If it were kept, it might say of one attempt what
//   was true of another. So a new fact takes two deployments: the code of the first one knows it, that of the second sets it.

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
