import fc from "fast-check";
import { aRun, timeAt } from "../../test/factories.ts";
import { type ActiveRun, type EndState, isActive, type Limit, type Run, runTransitions } from "./run.ts";
import { endedFrom, moved, openingState, type RunMove, reopenedFrom } from "./run-changes.ts";

const limits: readonly Limit[] = [{ name: "queue/gpu", limit: 1 }];
const cancelling = { to: "CANCELLING", endsAs: "CANCELLED", reason: "enough" } as const;
const ended = (to: EndState, overrides: Parameters<typeof aRun>[0] = {}) =>
  endedFrom(aRun({ activeSince: timeAt(1), ...overrides }), { to, endedAt: timeAt(9) });

describe("a move", () => {
  it.each<[RunMove, object]>([
    [{ to: "QUEUED" }, { state: "QUEUED" }],
    [{ to: "PAUSED" }, { state: "PAUSED" }],
    [
      { to: "RUNNING", activeSince: timeAt(5) },
      { state: "RUNNING", activeSince: timeAt(5) },
    ],
    [cancelling, { state: "CANCELLING", endsAs: "CANCELLED", reason: "enough" }],
  ])("%j sets the state and its fields", (move, expected) => {
    expect(moved(move)).toEqual(expected);
  });
});

describe("a run that ends", () => {
  it("keeps the reason of its stop, and not the state that it was to end in", () => {
    const run = { ...aRun(), ...moved(cancelling) } as Run;
    const stopped = endedFrom(run, { to: "CANCELLED", endedAt: timeAt(9) });
    expect(stopped).toMatchObject({ state: "CANCELLED", endedAt: timeAt(9), reason: "enough" });
    expect(stopped).not.toHaveProperty("endsAs");
  });

  it("is otherwise unchanged", () => {
    const run = aRun({ error: { step: "a", name: "Error", message: "x" } });
    expect(endedFrom(run, { to: "FAILED", endedAt: timeAt(9) })).toEqual({
      ...run,
      state: "FAILED",
      endedAt: timeAt(9),
    });
  });
});

describe("a reopened run", () => {
  it("is in the next epoch, remembers completed steps and forgets failed and skipped ones", () => {
    const progress = { done: new Set([0]), failed: new Set([1]), skipped: new Set([2]) };
    const error = { step: "b", name: "Error", message: "x" };
    const opened = reopenedFrom(ended("FAILED", { progress, error }), timeAt(20), "manual");
    expect(opened).toMatchObject({ state: "RUNNING", epoch: 2, activeSince: timeAt(20) });
    expect(opened.progress).toEqual({ done: new Set([0]), failed: new Set(), skipped: new Set() });
    for (const gone of ["endedAt", "error", "reason", "cost"]) expect(opened).not.toHaveProperty(gone);
  });

  it("waits for its slots if it needs any, and begins when it has them", () => {
    const opened = reopenedFrom(ended("CANCELLED", { limits }), timeAt(20), "manual");
    expect(opened.state).toBe("QUEUED");
    expect(opened).not.toHaveProperty("activeSince");
    expect([openingState({ limits }), openingState({ limits: [] })]).toEqual(["QUEUED", "RUNNING"]);
  });
});

describe("a run after any transitions", () => {
  /** One change that can happen to a run, if the transition table allows it. */
  function step(run: Run, choice: number, time: string): Run {
    const next = runTransitions[run.state];
    const to = next[choice % Math.max(next.length, 1)];
    if (to === undefined) return run;
    if (!isActive(run)) return reopenedFrom(run, time, "manual");
    if (to === "QUEUED" || to === "PAUSED") return { ...run, ...moved({ to }) } as ActiveRun;
    if (to === "RUNNING") {
      return { ...run, ...moved({ to, activeSince: run.activeSince ?? time }) } as ActiveRun;
    }
    if (to === "CANCELLING") return { ...run, ...moved(cancelling) } as ActiveRun;
    return endedFrom(run, { to: to as EndState, endedAt: time });
  }

  it("has an end time exactly if it has ended, and a state's fields only in that state", () => {
    const histories = fc.record({ limited: fc.boolean(), choices: fc.array(fc.nat(11), { maxLength: 40 }) });
    fc.assert(
      fc.property(histories, ({ limited, choices }) => {
        let run: Run = aRun({ state: "SCHEDULED", limits: limited ? limits : [] });
        for (const [place, choice] of choices.entries()) {
          const before: Run = run;
          run = step(run, choice, timeAt(place));
          const { state, epoch } = run;
          expect("endedAt" in run).toBe(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"].includes(state));
          expect("endsAs" in run).toBe(state === "CANCELLING");
          if ("reason" in run) expect(["CANCELLING", "CANCELLED", "TIMED_OUT"]).toContain(state);
          if (state === "RUNNING" || state === "PAUSED") expect(run).toHaveProperty("activeSince");
          if (state === "QUEUED" || state === "SCHEDULED") expect(run).not.toHaveProperty("activeSince");
          if (run !== before) expect(epoch).toBe(before.epoch + (isActive(before) ? 0 : 1));
          expect(run.limits).toBe(before.limits);
        }
      }),
    );
  });
});
