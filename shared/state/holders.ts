import { isHeld, type StepOutline, type SuspendedStep } from "./step-record.ts";

/** Who or what holds a suspended step, and moves it on. */
export type Holder = SuspendedStep["holder"];

/** The records that one holder has. */
export type SuspendedBy<H extends Holder> = Extract<SuspendedStep, { holder: H }>;

/** Facts about the steps that one holder suspends. */
type HolderFacts<H extends Holder> = {
  /**
   * When such a step continues or is given up even if nothing is reported, in epoch milliseconds. Undefined if it has
   * no such time.
   */
  readonly dueAt: (record: SuspendedBy<H>) => number | undefined;
  /** Whether the sweep must check each time, because the event that the step waits for may be lost. */
  readonly mustLook: boolean;
  /** What it waits for, in words. */
  readonly waitsFor: (record: SuspendedBy<H>) => string;
};

const never = () => undefined;
const iso = (time: number) => new Date(time).toISOString();

const holders: { readonly [H in Holder]: HolderFacts<H> } = {
  jobs: {
    dueAt: never,
    // The sweep asks Batch about jobs separately.
    mustLook: false,
    waitsFor: ({ jobs }) => `its jobs ${jobs.map(({ id }) => id).join(", ")}`,
  },
  children: { dueAt: never, mustLook: false, waitsFor: ({ children }) => `its ${children} children` },
  run: { dueAt: never, mustLook: true, waitsFor: ({ child }) => `run ${child.runId}` },
  clock: { dueAt: ({ wakeAt }) => wakeAt, mustLook: false, waitsFor: ({ wakeAt }) => iso(wakeAt) },
  object: {
    dueAt: ({ deadlineAt }) => deadlineAt,
    mustLook: true,
    waitsFor: ({ uri, deadlineAt }) => `${uri}, until ${iso(deadlineAt)}`,
  },
  person: {
    dueAt: ({ deadlineAt }) => deadlineAt,
    mustLook: false,
    waitsFor: ({ message, deadlineAt }) => `an approval ("${message}"), until ${iso(deadlineAt)}`,
  },
};

function holderOf<H extends Holder>(record: { readonly holder: H }): HolderFacts<H> {
  return holders[record.holder];
}

/** Whether a step hasn't ended and isn't held by a worker: its holder moves it on. */
export function isSuspended(record: StepOutline): record is SuspendedStep {
  return "holder" in record && !isHeld(record);
}

/** Whether the event that a record waits for may be lost, so that the sweep must check the record each time. */
export function mustLook(record: StepOutline): boolean {
  return isSuspended(record) && holderOf(record).mustLook;
}

/** What a suspended step waits for, in words. */
export function waitsFor(record: SuspendedStep): string {
  return holderOf(record).waitsFor(record);
}

/**
 * When a record continues or is given up even if nothing is reported, in epoch milliseconds. Undefined if it has no
 * such time.
 */
export function timeOf(record: StepOutline): number | undefined {
  if (record.state === "RETRYING") return record.retryAt;
  if (isHeld(record)) return record.leaseUntil;
  return isSuspended(record) ? holderOf(record).dueAt(record) : undefined;
}
