import { type Graph, stepOf } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { Run, RunningRun } from "../state/run.ts";
import type { TailCall } from "./tail-call.ts";

/** The hint that starts a step. For a mapped step, it starts the map as a whole. */
export function firstMessage(run: Run, graph: Graph, number: number): StepMessage {
  const node = stepOf(graph, number);
  const index = node.over === undefined ? 0 : "map";
  return { runId: run.runId, step: node.name, index, epoch: run.epoch, attempt: 1 };
}

/**
 * Sends the hints for steps that are ready, except for one that the worker continues with itself. A repeated hint does
 * no harm: only one claim wins.
 */
export async function dispatch(
  engine: Engine,
  run: RunningRun,
  graph: Graph,
  numbers: readonly number[],
  tail?: TailCall,
): Promise<void> {
  const now = engine.clock.now();
  const messages = numbers.flatMap((number) => {
    const message = firstMessage(run, graph, number);
    return tail?.take(stepOf(graph, number), { message, run, graph }, now) ? [] : [message];
  });
  if (messages.length > 0) await engine.queue.send(messages);
}
