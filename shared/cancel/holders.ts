import { cancelJobStep, type EndedJobs } from "../batch/cancel-jobs.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Holder, SuspendedBy } from "../state/holders.ts";
import type { Run } from "../state/run.ts";
import { lookAtApproval } from "../step/approval-step.ts";
import { markCancelled } from "../step/cancel-step.ts";
import { cancelChild, lookAtChild } from "../step/child-step.ts";
import { driveMap } from "../step/map-step.ts";
import { lookForObject } from "../step/object-step.ts";
import type { StepWork } from "../step/step-work.ts";
import { endWait } from "../step/wait-step.ts";

type Suspended<H extends Holder> = SuspendedBy<H> & StoredStep;

/** What a cancel works with. */
export type Cancelling = {
  readonly engine: Engine;
  /** The run that is being cancelled. */
  readonly run: Run;
  /** How the jobs of its steps stand. */
  readonly jobs: EndedJobs;
  /** Cancels another run. */
  readonly cancelRun: (run: Run, why: string) => Promise<void>;
};

/** What the engine does with the steps that one holder suspends. */
type HolderWork<H extends Holder> = {
  /** Looks whether what the step waits for has come, and moves it on. */
  readonly look: (engine: Engine, work: StepWork, record: Suspended<H>) => Promise<void>;
  /** Ends what works for the step, and the step; true once nothing does. */
  readonly cancel: (cancelling: Cancelling, record: Suspended<H>) => Promise<boolean>;
};

/** Nothing works for such a step: the end of its record is the end of it. */
const cancel = ({ engine }: Cancelling, record: StoredStep) => markCancelled(engine, record);

const holders: { readonly [H in Holder]: HolderWork<H> } = {
  jobs: {
    // A job tells of itself.
    look: async () => {},
    cancel: ({ engine, run, jobs }, record) => cancelJobStep(engine, run, record, jobs),
  },
  children: { look: (engine, work, { children }) => driveMap(engine, work, children), cancel },
  run: {
    look: (engine, work, record) => lookAtChild(engine, work, record),
    cancel: async ({ engine, run, cancelRun }, record) =>
      (await cancelChild(engine, run, record, cancelRun)) && markCancelled(engine, record),
  },
  clock: { look: endWait, cancel },
  object: { look: lookForObject, cancel },
  person: { look: lookAtApproval, cancel },
};

function holderOf<H extends Holder>({ holder }: { readonly holder: H }): HolderWork<H> {
  return holders[holder];
}

/** Looks whether what a suspended step waits for has come: children of a map, another run, an object, a person's time. */
export function lookAtSuspended(engine: Engine, work: StepWork, record: Suspended<Holder>): Promise<void> {
  return holderOf(record).look(engine, work, record);
}

/** Moves a suspended step towards its end; true once it has none of its work going on. */
export function cancelSuspended(cancelling: Cancelling, record: Suspended<Holder>): Promise<boolean> {
  return holderOf(record).cancel(cancelling, record);
}
