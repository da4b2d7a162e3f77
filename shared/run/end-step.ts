import { type Graph, hookName, type NoticeNode, noticeName, type StepNode } from "../pipeline/graph.ts";
import type { StepMessage } from "../queue/step-queue.ts";
import type { EndState, Run, RunState } from "../state/run.ts";

/** Whether a name is of something that follows a run's end, a hook or a notice, and not of a step of its graph. */
export const isEndStep = (step: string) => step.startsWith("@");

/** Whether a hook or a notice follows runs that ended so. */
const follows = (step: string, state: RunState) => step.split("/")[0] === `@${state.toLowerCase()}`;

/** Whether a message is of a run in a state in which its step is worked on: what follows the end, or all others before. */
export function isDue(run: Run, { step, epoch }: StepMessage): boolean {
  if (run.epoch !== epoch) return false;
  return isEndStep(step) ? follows(step, run.state) : run.state === "RUNNING";
}

/** Names of what follows an end: the graph's hook for it, and each of its notices that are for the stage. */
export function endStepsOf(graph: Graph, state: EndState, stage: string): string[] {
  const hook = graph.hooks?.includes(state) ? [hookName(state)] : [];
  const notices = (graph.notices ?? []).filter(
    ({ on, stages }) => on.includes(state) && (stages?.includes(stage) ?? true),
  );
  return [...hook, ...notices.map(({ name }) => noticeName(state, name))];
}

/** The hint that works on what follows an end. Its index is the run's epoch: a run that ends again is followed again. */
export function endStepMessage({ runId, epoch }: Run, step: string): StepMessage {
  return { runId, step, index: epoch, epoch };
}

/** The notice of a graph that a name such as `@failed/slack` is of; undefined for a hook's, and when the graph has none. */
export function noticeNamed(graph: Graph, step: string): NoticeNode | undefined {
  const [, name] = step.split("/");
  return name === undefined ? undefined : graph.notices?.find((notice) => notice.name === name);
}

/** A receiver may be down for a while; nobody waits for it. Eight tries are spread over half an hour or so. */
const noticeRetries: StepNode["retries"] = { limit: 7, delay: { base: 15, factor: 3, max: 900 } };

const hookRetries: StepNode["retries"] = { limit: 2, delay: { base: 10, factor: 6, max: 900 } };

/** What follows an end as a step of its own, outside of the graph: a function that gets the facts about the run. */
export function endStepNode(graph: Graph, step: string): StepNode | undefined {
  const isNotice = step.includes("/");
  if (isNotice && noticeNamed(graph, step) === undefined) return undefined;
  return {
    number: -1,
    name: step,
    task: { kind: "lambda" },
    input: { $run: [] },
    needs: [],
    after: [],
    retries: isNotice ? noticeRetries : hookRetries,
    timeout: isNotice ? 30 : 60,
  };
}
