import type { Task } from "../world/task.ts";
import type { RunWatch } from "./run-watch.ts";
import type { Violations } from "./violation.ts";

type Watched = { readonly watch: RunWatch; readonly violations: Violations };

/**
 * Checks the list of a step's records that a worker gets. A child of a map gets its part of other maps' results: if
 * it went through all of them, the map's cost would grow with the square of its size.
 */
export function checkList(
  { watch, violations }: Watched,
  { kind, holds }: Task,
  runId: unknown,
  step: unknown,
): void {
  // What looks after runs needs no results. The results of one run may be more than its memory holds.
  if (kind !== "message" && kind !== "event")
    violations.add("bounded cost", `the ${kind} read the results of ${String(step ?? "a run")}`);
  for (const held of holds) {
    const isChild = held.index !== "map" && watch.steps.get(held.runId, held.step, "map") !== undefined;
    if (isChild && held.runId === runId && held.step !== step)
      violations.add(
        "bounded cost",
        `${held.step}[${held.index}] read all records of ${String(step ?? "its run")}`,
      );
  }
}
