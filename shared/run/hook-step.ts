import { type Graph, hookName, type StepNode } from "../pipeline/graph.ts";
import type { StepMessage } from "../queue/step-queue.ts";
import type { EndState, Run, RunState } from "../state/run.ts";

/** Whether a name is that of a hook and not of a step. */
export const isHook = (step: string) => step.startsWith("@");

/** Whether a hook follows runs that ended so. */
const follows = (step: string, state: RunState) => step === `@${state.toLowerCase()}`;

/** Whether a message is of a run in a state in which its step is worked on: hooks after the end, all others before. */
export function isDue(run: Run, { step, epoch }: StepMessage): boolean {
  if (run.epoch !== epoch) return false;
  return isHook(step) ? follows(step, run.state) : run.state === "RUNNING";
}

/** Whether a run's graph has a hook for an end. */
export function hasHook(graph: Graph, state: EndState): boolean {
  return graph.hooks?.includes(state) ?? false;
}

/** The hint that runs a hook. Its index is the run's epoch: a run that ends again is followed again. */
export function hookMessage({ runId, epoch }: Run, state: EndState): StepMessage {
  return { runId, step: hookName(state), index: epoch, epoch };
}

/** A hook as a step of its own, outside of the graph: a function that gets the facts about the run. */
export function hookNode(step: string): StepNode {
  return {
    number: -1,
    name: step,
    task: { kind: "lambda" },
    input: { $run: [] },
    needs: [],
    after: [],
    retries: { limit: 2, delay: { base: 10, factor: 6, max: 900 } },
    timeout: 60,
  };
}
