import {
  type Graph,
  hookName,
  type NoticeNode,
  noticeName,
  type StepNode,
  startName,
} from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import type { StepMessage } from "../ports/step-queue.ts";
import type { EndState, Run, RunState } from "../state/run.ts";
import { type Dependant, dependantsOf } from "./dependants.ts";

/**
 * Whether a name belongs to a step that follows a run's end (a hook, a notice or a start) and not to a step of its
 * graph.
 */
export const isAfterRunStep = (step: string) => step.startsWith("@");

/** A step that follows a run's end: its hook, a named notice, or the start of a named pipeline. */
export type AfterRunStep =
  | { readonly kind: "hook" }
  | { readonly kind: "notice" | "start"; readonly name: string };

/**
 * Parses a name such as `@failed`, `@failed/slack` or `@succeeded:poem-model` into the step and the end that it
 * follows.
 */
export function parseAfterRunStep(step: string): AfterRunStep & { readonly state: string } {
  const [, state = "", mark, name = ""] = /^@([a-z_]+)(?:([/:])(.+))?$/.exec(step) ?? [];
  if (mark === undefined) return { kind: "hook", state };
  return { kind: mark === "/" ? "notice" : "start", name, state };
}

/** Whether a hook, a notice or a start follows runs that end in a state. */
const follows = (step: string, state: RunState) => parseAfterRunStep(step).state === state.toLowerCase();

/**
 * Whether a message's step is due in its run's state: steps that follow the end are due after it, all others before.
 */
export function isDue(run: Run, { step, epoch }: StepMessage): boolean {
  if (run.epoch !== epoch) return false;
  return isAfterRunStep(step) ? follows(step, run.state) : run.state === "RUNNING";
}

/**
 * Names of the steps that follow an end: the graph's hook for it, the graph's notices for the stage, and, after a
 * success, the starts of the deployed pipelines that follow this one.
 */
export function afterRunStepsOf(
  engine: Pick<Engine, "pipelines" | "stage">,
  graph: Graph,
  state: EndState,
): string[] {
  const hook = graph.hooks?.includes(state) ? [hookName(state)] : [];
  const notices = (graph.notices ?? []).filter(
    ({ on, stages }) => on.includes(state) && (stages?.includes(engine.stage.name) ?? true),
  );
  const dependants = state === "SUCCEEDED" ? dependantsOf(engine, graph.pipeline) : [];
  return [
    ...hook,
    ...notices.map(({ name }) => noticeName(state, name)),
    ...dependants.map(({ pipeline }) => startName(pipeline.name)),
  ];
}

/**
 * The hint for a step that follows an end. Its index is the run's epoch, so a run that ends again is followed again.
 */
export function afterRunStepMessage({ runId, epoch }: Run, step: string): StepMessage {
  return { runId, step, index: epoch, epoch, attempt: 1 };
}

/**
 * The graph's notice that a name such as `@failed/slack` refers to. Undefined for a hook's name, and if the graph has
 * no such notice.
 */
export function noticeNamed(graph: Graph, step: string): NoticeNode | undefined {
  const parsed = parseAfterRunStep(step);
  return parsed.kind === "notice" ? graph.notices?.find(({ name }) => name === parsed.name) : undefined;
}

/**
 * The pipeline that a name such as `@succeeded:poem-model` starts. Undefined for other names, and if the pipeline isn't
 * deployed.
 */
export function dependantNamed(
  engine: Pick<Engine, "pipelines">,
  graph: Graph,
  step: string,
): Dependant | undefined {
  const parsed = parseAfterRunStep(step);
  if (parsed.kind !== "start") return undefined;
  return dependantsOf(engine, graph.pipeline).find(({ pipeline }) => pipeline.name === parsed.name);
}

/**
 * A receiver may be down for a while, and nobody waits for the notice. Eight tries are spread over about half an hour.
 */
const noticeRetries: StepNode["retries"] = { limit: 7, delay: { base: 15, factor: 3, max: 900 } };

const hookRetries: StepNode["retries"] = { limit: 2, delay: { base: 10, factor: 6, max: 900 } };

/**
 * The node of a step that follows an end. It's outside of the graph: a function whose input is the facts about the run.
 */
export function afterRunStepNode(
  engine: Pick<Engine, "pipelines">,
  graph: Graph,
  step: string,
): StepNode | undefined {
  const { kind } = parseAfterRunStep(step);
  const isNotice = kind === "notice";
  if (isNotice && noticeNamed(graph, step) === undefined) return undefined;
  if (kind === "start" && dependantNamed(engine, graph, step) === undefined) return undefined;
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
