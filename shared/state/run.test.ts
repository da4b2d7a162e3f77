import fc from "fast-check";
import { aRun, timeAt } from "../../test/factories.ts";
import {
  type EndedRun,
  isActive,
  isEnded,
  isUnderWay,
  joiningStates,
  type Run,
  type RunState,
  runStates,
  runTransitions,
  statesBefore,
  wasStopped,
} from "./run.ts";

const states = fc.constantFrom(...runStates);
const ends: readonly RunState[] = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"];

/** A run in a state. */
function runIn(state: RunState): Run {
  const run = aRun();
  if (state === "CANCELLING") return { ...run, state, endsAs: "CANCELLED", reason: "enough" };
  if (ends.includes(state)) return { ...run, state: state as EndedRun["state"], endedAt: timeAt(9) };
  return { ...run, state } as Run;
}

/** States that can be reached from a state. The state itself is included only if a path leads back to it. */
function reachable(from: RunState, through: (state: RunState) => boolean): Set<RunState> {
  const found = new Set<RunState>();
  const left = [from];
  for (let state = left.pop(); state !== undefined; state = left.pop()) {
    for (const next of runTransitions[state]) {
      if (found.has(next)) continue;
      found.add(next);
      if (through(next)) left.push(next);
    }
  }
  return found;
}

describe("the table of run states", () => {
  it("is the same when it is read backwards", () => {
    fc.assert(
      fc.property(states, states, (from, to) => {
        expect(statesBefore(to).includes(from)).toBe(runTransitions[from].includes(to));
      }),
    );
  });

  it("allows no transition to the same state, and none from SUCCEEDED", () => {
    for (const state of runStates) expect(runTransitions[state]).not.toContain(state);
    expect(runTransitions.SUCCEEDED).toEqual([]);
  });

  it("leads from a failed, cancelled or timed-out end only back to a start", () => {
    for (const end of ["FAILED", "CANCELLED", "TIMED_OUT"] as const)
      expect(runTransitions[end].toSorted()).toEqual(["QUEUED", "RUNNING"]);
  });

  it("allows every active run to be cancelled, and to end", () => {
    for (const state of runStates.filter((each) => !ends.includes(each))) {
      const after = reachable(state, (each) => !ends.includes(each));
      expect(after).toContain("CANCELLED");
      if (state !== "CANCELLING") expect(runTransitions[state]).toContain("CANCELLING");
    }
  });

  it("leads to a stop only through CANCELLING, from which no run succeeds", () => {
    expect([statesBefore("CANCELLED"), statesBefore("TIMED_OUT")]).toEqual([["CANCELLING"], ["CANCELLING"]]);
    expect(reachable("CANCELLING", (each) => !ends.includes(each))).toEqual(
      new Set(["CANCELLED", "TIMED_OUT"]),
    );
  });

  it("allows a waiting run to end only by a stop, because none of its steps runs", () => {
    for (const waiting of ["SCHEDULED", "QUEUED"] as const)
      for (const end of ends) expect(runTransitions[waiting]).not.toContain(end);
  });
});

describe("a run", () => {
  it.each(runStates)("that is %s has either ended or may still change by itself", (state) => {
    const run = runIn(state);
    expect(isEnded(run)).toBe(ends.includes(state));
    expect(isActive(run)).toBe(!ends.includes(state));
  });

  it.each(runStates)("that is %s counts its steps' ends as its state requires", (state) => {
    const joins = (joiningStates as readonly RunState[]).includes(state);
    expect(isUnderWay(runIn(state))).toBe(joins && state !== "CANCELLING");
    // Ended steps are counted exactly while something may be working for the run.
    expect(joins).toBe(!ends.includes(state) && state !== "SCHEDULED" && state !== "QUEUED");
    expect(wasStopped(state)).toBe(statesBefore(state).includes("CANCELLING"));
  });
});
