import type { StepNode } from "./graph.ts";

/** What a step does, as a person reads it in a picture. */
export function taskText({ task, size }: Pick<StepNode, "task" | "size">): string {
  if (task.kind === "batch") return `Batch job ${task.job}`;
  if (task.kind === "child") return `run of ${task.pipeline}`;
  if (task.kind === "object") return "wait for an object";
  if (task.kind !== "lambda") return task.kind;
  return size === undefined ? "function" : `${size} function`;
}
