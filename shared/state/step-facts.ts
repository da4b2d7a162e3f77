import { type StepFacts, type StepKey, stepFacts, stepKinds } from "./step-record.ts";

// What the next record of a step takes over from the record that it replaces.
//
// - A fact stays with the step, from state to state and from attempt to attempt.
// - A field that only some kinds of record have, such as a lease or an error, ends with its record.
// - A field that newer code has added belongs to the attempt: it stays until the attempt's end, in every state, and the
//   next attempt begins without it. This code can't know whether the field is a fact. If the field were kept, it
//   might describe the next attempt wrongly. So a new fact takes two deployments: the first one's code knows
//   the fact, and the second one's code sets it.

/** The version field of a stored record, which every write replaces. */
const mark = "version";

const known: ReadonlySet<string> = new Set([mark, ...stepKinds.flatMap(({ shape }) => Object.keys(shape))]);

/** Whether only some kinds of record have a field. */
const isKindSpecific = (name: string) => known.has(name) && !(name in stepFacts.shape);

function only(record: StepFacts, wanted: (name: string) => boolean): StepFacts {
  // Each caller's condition keeps all facts, so the result is still a StepFacts.
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted(name))) as StepFacts;
}

/** The fields of a record that no schema has, to show to people. */
export function addedFields(record: StepFacts): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !known.has(name)));
}

/** The facts for another record of the same attempt, including fields that newer code has added. */
export function factsOf(record: StepFacts): StepFacts {
  return only(record, (name) => !isKindSpecific(name));
}

/**
 * The facts of the next attempt within the epoch.
 *
 * @param now epoch milliseconds
 */
export function nextFacts(before: StepFacts, now: number): StepFacts {
  const facts = only(before, (name) => name in stepFacts.shape);
  return { ...facts, attempt: before.attempt + 1, startedAt: new Date(now).toISOString() };
}

/**
 * The facts of a step that begins in an epoch. From an earlier epoch, a child step keeps its run so that it can
 * continue it. The attempts of jobs and functions and the digest of a map's list are kept too.
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
    ...(earlier?.functionAttempts && { functionAttempts: earlier.functionAttempts }),
    ...(earlier?.list !== undefined && { list: earlier.list }),
  };
}
