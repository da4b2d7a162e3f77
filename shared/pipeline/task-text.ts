import type { StepNode } from "./graph.ts";

/** What a step does, as a person reads it in a picture. */
export function taskText(task: StepNode["task"]): string {
  if (task.kind === "batch") return `Batch job ${task.job}`;
  if (task.kind === "child") return `run of ${task.pipeline}`;
  if (task.kind === "object") return "wait for an object";
  return task.kind === "lambda" ? "function" : task.kind;
}
