import { type Graph, upstreamOf } from "../pipeline/graph.ts";
import type { StepView } from "./run-view.ts";

/** A step that began, with its times in epoch milliseconds. What goes on ends now. */
type Spent = { readonly step: StepView; readonly from: number; readonly to: number };

/** The order of two steps with the same end. If both go on, the first to begin counts; otherwise the later in the graph. */
function atOnce(a: Spent, b: Spent): number {
  const goOn = a.step.endedAt === undefined && b.step.endedAt === undefined;
  return goOn ? a.from - b.from : b.step.number - a.step.number;
}

/** The step that ended last. */
function lastOf(all: readonly Spent[]): Spent | undefined {
  return all.toSorted((a, b) => b.to - a.to || atOnce(a, b))[0];
}

/**
 * The steps that decided how long a run took, in order: the one that ended last, before it the one that it waited for
 * longest, and so on to the run's start. While the run goes on, the path leads to the step that has run for longest.
 *
 * @param now epoch milliseconds
 */
export function criticalPath(graph: Graph, steps: readonly StepView[], now: number): StepView[] {
  const spent = new Map(
    steps.flatMap((step): [number, Spent][] => {
      if (step.startedAt === undefined) return [];
      const to = step.endedAt === undefined ? now : Date.parse(step.endedAt);
      return [[step.number, { step, from: Date.parse(step.startedAt), to }]];
    }),
  );
  const path: StepView[] = [];
  let last = lastOf([...spent.values()]);
  while (last !== undefined) {
    const { step } = last;
    path.unshift(step);
    const node = graph.steps.find(({ number }) => number === step.number);
    last = lastOf((node ? upstreamOf(node) : []).flatMap((number) => spent.get(number) ?? []));
  }
  return path;
}
