import type { Violation } from "./invariants/violation.ts";
import type { SimulationResult } from "./simulation.ts";

/** A seed that failed, and its first violation. */
export type FailedSeed = { readonly seed: number; readonly violation: Violation };

/** The results of many seeds. It's plain JSON, so that one process can send it to another. */
export type Tally = {
  runs: number;
  calls: number;
  faults: number;
  /** Faults by kind. */
  kinds: Record<string, number>;
  /** Runs by final state and epoch. */
  states: Record<string, number>;
  failed: FailedSeed[];
};

export function emptyTally(): Tally {
  return { runs: 0, calls: 0, faults: 0, kinds: {}, states: {}, failed: [] };
}

function addCount(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}

export function addResult(tally: Tally, { seed, violations, faults, calls, state }: SimulationResult): void {
  tally.runs += 1;
  tally.calls += calls;
  tally.faults += faults.length;
  addCount(tally.states, state, 1);
  for (const { kind } of faults) addCount(tally.kinds, kind, 1);
  const [violation] = violations;
  if (violation !== undefined) tally.failed.push({ seed, violation });
}

export function addTally(tally: Tally, other: Tally): void {
  tally.runs += other.runs;
  tally.calls += other.calls;
  tally.faults += other.faults;
  for (const [kind, count] of Object.entries(other.kinds)) addCount(tally.kinds, kind, count);
  for (const [state, count] of Object.entries(other.states)) addCount(tally.states, state, count);
  tally.failed.push(...other.failed);
}
