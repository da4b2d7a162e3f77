import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Holder, SuspendedBy } from "../state/holders.ts";
import { lookAtApproval } from "../step/approval-step.ts";
import { lookAtChild } from "../step/child-step.ts";
import { driveMap } from "../step/map-step.ts";
import { lookForObject } from "../step/object-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { endWait } from "../step/wait-step.ts";

/** Checks whether a step of one holder has what it waits for, and moves the step on. */
type Look<H extends Holder> = (
  engine: Engine,
  work: StepWork,
  record: SuspendedBy<H> & StoredStep,
) => Promise<void>;

const looks: { readonly [H in Holder]: Look<H> } = {
  // A job's events report its end.
  jobs: async () => {},
  children: (engine, work, { children }) => driveMap(engine, work, children),
  run: lookAtChild,
  clock: endWait,
  object: lookForObject,
  person: lookAtApproval,
};

function lookOf<H extends Holder>({ holder }: { readonly holder: H }): Look<H> {
  return looks[holder];
}

/**
 * Checks whether a suspended step has what it waits for (a map's children, another run, a time, an object), or whether
 * an approval's deadline has passed.
 */
export function lookAtSuspended(
  engine: Engine,
  work: StepWork,
  record: SuspendedBy<Holder> & StoredStep,
): Promise<void> {
  return lookOf(record)(engine, work, record);
}
