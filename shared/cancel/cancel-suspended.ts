import { cancelJobStep, type EndedJobs } from "../batch/cancel-jobs.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import type { Holder, SuspendedBy } from "../state/holders.ts";
import type { Run } from "../state/run.ts";
import { markCancelled } from "../step/cancel-step.ts";
import { cancelChild } from "../step/child-step.ts";

/** What the functions of a cancel need. */
export type Cancelling = {
  readonly engine: Engine;
  /** The run that is being cancelled. */
  readonly run: Run;
  /** The states of its steps' jobs. */
  readonly jobs: EndedJobs;
  /** Cancels another run. */
  readonly cancelRun: (run: Run, why: string) => Promise<void>;
};

/** Ends what works for a step of one holder, and the step; true once nothing works for it. */
type Cancel<H extends Holder> = (
  cancelling: Cancelling,
  record: SuspendedBy<H> & StoredStep,
) => Promise<boolean>;

/** If nothing works for a step, only its record needs to end. */
const endRecord = ({ engine }: Cancelling, record: StoredStep) => markCancelled(engine, record);

// Kept apart from look-at-suspended.ts: a function that cancels runs must not bundle the code that starts
// them.
const cancels: { readonly [H in Holder]: Cancel<H> } = {
  jobs: ({ engine, run, jobs }, record) => cancelJobStep(engine, run, record, jobs),
  children: endRecord,
  run: async ({ engine, run, cancelRun }, record) =>
    (await cancelChild(engine, run, record, cancelRun)) && markCancelled(engine, record),
  clock: endRecord,
  object: endRecord,
  person: endRecord,
};

function cancelOf<H extends Holder>({ holder }: { readonly holder: H }): Cancel<H> {
  return cancels[holder];
}

/** Moves a suspended step towards its end; true once nothing works for it. */
export function cancelSuspended(
  cancelling: Cancelling,
  record: SuspendedBy<Holder> & StoredStep,
): Promise<boolean> {
  return cancelOf(record)(cancelling, record);
}
