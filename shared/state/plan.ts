import { type Graph, type StepNode, upstreamOf } from "../pipeline/graph.ts";
import type { EndState, Progress } from "./run.ts";

/** A step's state as derived from the run's progress. READY steps may already be under way. */
export type PlannedState = "WAITING" | "READY" | "DONE" | "FAILED" | "SKIPPED" | "UPSTREAM_FAILED";

/** The consequences of a run's progress. */
export type Plan = {
  /** State of each step, by number. */
  readonly plannedStates: readonly PlannedState[];
  /** Numbers of the steps that may run now. */
  readonly ready: readonly number[];
  /** How the run ends, once no step is left. */
  readonly end?: Extract<EndState, "SUCCEEDED" | "FAILED">;
};

/** Applies a step's rule to the ends of its upstream steps, once all of them have ended. */
function byRule(
  node: StepNode,
  upstream: readonly PlannedState[],
  earlier: readonly PlannedState[],
): PlannedState {
  const failed = upstream.some((state) => state === "FAILED" || state === "UPSTREAM_FAILED");
  const rule = node.rule ?? "all_succeeded";
  if (rule === "all_done") return "READY";
  if (rule === "any_failed") return failed ? "READY" : "SKIPPED";
  if (rule === "any_succeeded" && upstream.includes("DONE")) return "READY";
  if (failed) return "UPSTREAM_FAILED";
  if (rule === "any_succeeded") return "SKIPPED";
  // A step is skipped if it needs data of a skipped step. If it only has to come after the skipped step, it runs.
  return node.needs.some((number) => earlier[number] === "SKIPPED") ? "SKIPPED" : "READY";
}

function plannedState(node: StepNode, progress: Progress, earlier: readonly PlannedState[]): PlannedState {
  if (progress.done.has(node.number)) return "DONE";
  if (progress.failed.has(node.number)) return "FAILED";
  if (progress.skipped.has(node.number)) return "SKIPPED";
  const upstream = upstreamOf(node).map((number) => earlier[number] ?? "WAITING");
  if (upstream.some((state) => state === "WAITING" || state === "READY")) return "WAITING";
  return byRule(node, upstream, earlier);
}

/**
 * Derives from a run's progress which steps are ready, which can no longer run, and how the run ends. Pure: the same
 * graph and progress always give the same plan. Consequences (UPSTREAM_FAILED, skipped by a rule or because a needed
 * step was skipped) are derived here and never stored.
 */
export function plan(graph: Graph, progress: Progress): Plan {
  // Steps are numbered in topological order, so one pass sees every upstream step before those that follow it.
  const plannedStates: PlannedState[] = [];
  for (const node of graph.steps) plannedStates.push(plannedState(node, progress, plannedStates));
  const ready = graph.steps
    .filter((node) => plannedStates[node.number] === "READY")
    .map((node) => node.number);
  if (plannedStates.some((state) => state === "WAITING" || state === "READY"))
    return { plannedStates, ready };
  return { plannedStates, ready, end: plannedStates.includes("FAILED") ? "FAILED" : "SUCCEEDED" };
}

/** The steps that became ready because a step ended. Without its end, they wouldn't be ready. */
export function newlyReady(graph: Graph, progress: Progress, { ready }: Plan, ended: number): number[] {
  const without = (set: ReadonlySet<number>) => new Set([...set].filter((number) => number !== ended));
  const before = plan(graph, {
    done: without(progress.done),
    failed: without(progress.failed),
    skipped: without(progress.skipped),
  });
  return ready.filter((number) => number !== ended && !before.ready.includes(number));
}
