import fc from "fast-check";
import { aStepNode } from "../../test/factories.ts";
import type { Graph, StepNode } from "../pipeline/graph.ts";
import { newlyReady, plan } from "./plan.ts";
import { noProgress, type Outcome, type Progress } from "./run.ts";

const node = (number: number, needs: number[] = [], after: number[] = []): StepNode =>
  aStepNode(number, `s${number}`, { needs, after });
const graph = (...steps: StepNode[]): Graph => ({ version: 1, pipeline: "demo", steps });
const progress = (change: Partial<Record<Outcome, number[]>>): Progress => ({
  done: new Set(change.done),
  failed: new Set(change.failed),
  skipped: new Set(change.skipped),
});

/** A graph of up to nine steps whose edges point backwards, with or without data. */
const graphs = fc
  .array(fc.tuple(fc.nat(0b11111111), fc.nat(0b11111111)), { minLength: 1, maxLength: 9 })
  .map((masks) => {
    const earlier = (mask: number, number: number) =>
      Array.from({ length: number }, (_, place) => place).filter((place) => mask & (1 << place));
    return graph(
      ...masks.map(([needs, after], number) => node(number, earlier(needs, number), earlier(after, number))),
    );
  });

describe("plan", () => {
  const diamond = graph(node(0), node(1, [0]), node(2, [0]), node(3, [1, 2]));

  it("starts with the steps that wait for nothing", () => {
    expect(plan(diamond, noProgress)).toEqual({
      plannedStates: ["READY", "WAITING", "WAITING", "WAITING"],
      ready: [0],
    });
  });

  it("waits for all upstream steps", () => {
    expect(plan(diamond, progress({ done: [0, 1] })).ready).toEqual([2]);
    expect(plan(diamond, progress({ done: [0, 1, 2] })).ready).toEqual([3]);
  });

  it("continues branches that don't depend on a failure, then fails the run", () => {
    const open = plan(diamond, progress({ done: [0], failed: [1] }));
    expect(open).toEqual({ plannedStates: ["DONE", "FAILED", "READY", "WAITING"], ready: [2] });
    expect(plan(diamond, progress({ done: [0, 2], failed: [1] }))).toEqual({
      plannedStates: ["DONE", "FAILED", "DONE", "UPSTREAM_FAILED"],
      ready: [],
      end: "FAILED",
    });
  });

  it("skips steps that need the data of a skipped step, and runs those that only come after it", () => {
    const both = graph(node(0), node(1, [0]), node(2, [], [0]), node(3, [], [1]));
    expect(plan(both, progress({ skipped: [0] })).plannedStates).toEqual([
      "SKIPPED",
      "SKIPPED",
      "READY",
      "READY",
    ]);
    expect(plan(both, progress({ skipped: [0], done: [2, 3] })).end).toBe("SUCCEEDED");
  });

  it("brings every graph to an end, starts each step at most once, and nothing after a failure upstream", () => {
    const outcomes = fc.infiniteStream(fc.constantFrom<Outcome>("done", "done", "done", "failed", "skipped"));
    fc.assert(
      fc.property(graphs, outcomes, fc.infiniteStream(fc.nat()), (any, outcome, choice) => {
        const sets = { done: new Set<number>(), failed: new Set<number>(), skipped: new Set<number>() };
        let waiting = [...plan(any, sets).ready];
        const started = new Set(waiting);
        while (waiting.length > 0) {
          const [pick = 0] = [...choice.take(1)];
          const ended = waiting[pick % waiting.length] ?? 0;
          waiting = waiting.filter((number) => number !== ended);
          const [how = "done"] = [...outcome.take(1)];
          sets[how].add(ended);
          for (const next of newlyReady(any, sets, plan(any, sets), ended)) {
            expect(started.has(next)).toBe(false);
            started.add(next);
            waiting.push(next);
            for (const upstream of any.steps[next]?.needs ?? []) expect(sets.done.has(upstream)).toBe(true);
          }
        }
        const { end, plannedStates } = plan(any, sets);
        expect(end).toBe(sets.failed.size > 0 ? "FAILED" : "SUCCEEDED");
        expect(
          plannedStates.filter((plannedState) => plannedState === "WAITING" || plannedState === "READY"),
        ).toEqual([]);
      }),
    );
  });
});
