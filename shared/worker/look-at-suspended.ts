import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Holder, SuspendedBy } from "../state/holders.ts";
import { lookAtApproval } from "../step/approval-step.ts";
import { lookAtChild } from "../step/child-step.ts";
import { driveMap } from "../step/map-step.ts";
import { lookForObject } from "../step/object-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { endWait } from "../step/wait-step.ts";

/** Looks whether what a step of one holder waits for has come, and moves the step on. */
type Look<H extends Holder> = (
  engine: Engine,
  work: StepWork,
  record: SuspendedBy<H> & StoredStep,
) => Promise<void>;

const looks: { readonly [H in Holder]: Look<H> } = {
  // A job tells of itself.
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

/** Looks whether what a suspended step waits for has come: children of a map, another run, an object, a person's time. */
export function lookAtSuspended(
  engine: Engine,
  work: StepWork,
  record: SuspendedBy<Holder> & StoredStep,
): Promise<void> {
  return lookOf(record)(engine, work, record);
}
