import * as z from "zod";
import { stepPrefix } from "../objects/layout.ts";
import type { Graph, StepNode, TaskKind } from "../pipeline/graph.ts";
import { type Artifact, artifactsIn, isInsteadOfGpu } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";
import { doneBy } from "../pipeline/task-kinds.ts";
import { attemptResources } from "../state/attempt-resources.ts";
import { type PlannedState, plan } from "../state/plan.ts";
import { type Cause, isEnded, type Run, type RunError, type RunState } from "../state/run.ts";
import { addedFields } from "../state/step-facts.ts";
import {
  type Answer,
  type CacheSource,
  childrenOf,
  type FoundStep,
  hasEnded,
  hasResult,
  type StepError,
  type StoredValue,
} from "../state/step-record.ts";
import { type AfterRunStep, isAfterRunStep, parseAfterRunStep } from "./after-run-step.ts";
import type { FullLimit } from "./full-limits.ts";
import { type FunctionAttemptView, viewFunctionAttempts } from "./function-view.ts";
import { type AttemptView, type UsageView, viewAttempts, viewUsage } from "./job-view.ts";
import { costOf, type RunCostView } from "./kept-cost.ts";
import { type CostView, costBasis, type RunCost, runCost } from "./run-cost.ts";
import type { ProgressView } from "./run-progress.ts";

/**
 * A step's state as people see it: the stored state, or what follows from the run if nothing is stored. UNKNOWN: newer
 * code stored a state that this code doesn't know.
 */
export type ViewState = FoundStep["state"] | "WAITING" | "READY" | "UPSTREAM_FAILED";

/** Why a step, or one child of a mapped step, failed or is being retried. */
export type ErrorView = StepError & { index?: number };

/** The children of a mapped step. Counts add up to the total. */
export type ChildrenView = { total: number; counts: { readonly [S in ViewState]?: number } };

/** The answer to an approval, or to one child of a mapped approval. */
export type AnswerView = Answer & { index?: number };

/** The run that a child of a mapped step waits for or had, and the child's state. */
export type ChildRunView = { index: number; runId: string; state: ViewState };

/** One step of a run. Times are ISO 8601 in UTC, durations in milliseconds. What isn't known yet is absent. */
export type StepView = {
  number: number;
  name: string;
  kind: TaskKind;
  /** Name of the job contract of a Batch step. */
  job?: string;
  state: ViewState;
  /** The tags from its definition. */
  tags?: readonly string[];
  /** Passes that a repeated step has made so far. */
  passes?: number;
  /** Id of the run that a child step waits for or had. */
  child?: string;
  /** The same for a mapped step, in the order of its list, at most {@link maxChildRuns}. */
  childRuns?: ChildRunView[];
  /** Where a cached result comes from. */
  cachedFrom?: CacheSource;
  /** The question of an approval. */
  message?: string;
  /**
   * Who answered an approval, with what, when and why. For a mapped one at most {@link maxAnswers}, every no before
   * every yes.
   */
  answers?: AnswerView[];
  /** Only for a mapped step, once its list is known. */
  children?: ChildrenView;
  /** Attempts of this epoch; for a mapped step, those of the child with the most. 0 before the first. */
  attempts: number;
  startedAt?: string;
  endedAt?: string;
  milliseconds?: number;
  /** When a failed step is tried again. */
  retryAt?: string;
  /** The step's own error, or those of its failed children, at most {@link maxErrors}. */
  errors: ErrorView[];
  /** Only for a Batch step: the queue of its attempt, or of the next one. */
  queue?: string;
  /** It asked for a GPU and the stage has none, so it runs with its resources for that case. */
  withoutGpu?: true;
  /** Location of the running job's log. */
  log?: string;
  /** Attempts that jobs made or are making, of all epochs that are kept; for a map at most {@link maxAttempts}. */
  jobs?: AttemptView[];
  /**
   * Only for a function that didn't succeed at its first attempt: its attempts, of all epochs that are kept; for a map at
   * most {@link maxAttempts}.
   */
  functionAttempts?: FunctionAttemptView[];
  /** The progress that its jobs report, if the caller read it: see `readProgress`. */
  progress?: ProgressView;
  /** What its jobs used, if they reported it. */
  usage?: UsageView;
  /** Its estimated cost; absent before it began. */
  cost?: CostView;
  /**
   * Its stored result: the value if it's up to 4 KB, otherwise its location in S3. Absent for a map, whose children
   * each have their own.
   */
  output?: StoredValue;
  /** Objects in S3 that the step itself made, as its results name them. */
  artifacts: Artifact[];
};

/**
 * A step that followed the run's end. Its name is `hook`, the notice's name, or the name of the started pipeline, whose
 * run is then its `child`.
 */
export type AfterRunStepView = Omit<StepView, "number" | "kind" | "output" | "artifacts"> & {
  kind: AfterRunStep["kind"];
};

/** A run as a terminal or a web page shows it: plain JSON. */
export type RunView = {
  runId: string;
  pipeline: string;
  name: string;
  /** Git commit of the code that started it, if it is known. */
  commit?: string;
  state: RunState;
  cause: Cause;
  params: Json;
  scheduledAt: string;
  startedAt: string;
  endedAt?: string;
  milliseconds: number;
  /** 1, plus 1 for each retry by hand. */
  epoch: number;
  /** Work queue, and the priority in it. */
  queue: string;
  priority: number;
  /** Only for a QUEUED run, if the caller read it: the limits without a slot for it. Empty if it's about to begin. */
  waitsFor?: FullLimit[];
  tags: readonly string[];
  /** Why it was cancelled or timed out. */
  reason?: string;
  error?: RunError;
  /** The result of a run that succeeded, if the caller read it: see `resultOf`. */
  result?: Json;
  /**
   * Its estimated cost in all its epochs, and what the estimate is based on. While it goes on, this is the cost so far.
   */
  cost: RunCostView & { basis: string };
  steps: StepView[];
  /** The steps that followed its end, as far as they have begun. */
  afterwards: AfterRunStepView[];
};

/** Maximum number of errors of one step in a view; a thousand children may fail alike. */
export const maxErrors = 3;

/** Maximum number of child runs of one mapped step in a view; the others are found by their cause. */
export const maxChildRuns = 20;

/** Maximum number of answers to one mapped approval in a view. */
export const maxAnswers = 20;

const endedStates: Partial<Record<PlannedState, ViewState>> = {
  DONE: "SUCCEEDED",
  FAILED: "FAILED",
  SKIPPED: "SKIPPED",
  UPSTREAM_FAILED: "UPSTREAM_FAILED",
};

/** The records of a step that still count. A retry starts each record without a result anew. */
function currentRecords(run: Run, records: readonly FoundStep[]): FoundStep[] {
  return records.filter((record) => record.epoch === run.epoch || hasResult(record));
}

/** The state of a step that has no record. */
function derivedState(run: Run, plannedState: PlannedState): ViewState {
  const ended = endedStates[plannedState];
  if (ended !== undefined) return ended;
  if (run.state === "CANCELLED" || run.state === "TIMED_OUT") return "CANCELLED";
  if (plannedState !== "READY") return "WAITING";
  if (run.state === "PAUSED") return "PAUSED";
  return run.state === "RUNNING" ? "READY" : "WAITING";
}

/** The state of a child that has no record: it shares the fate of its map. */
function unstoredChildState(map: FoundStep): ViewState {
  if (map.state === "SUCCEEDED" || map.state === "RUNNING" || map.state === "RETRYING") return "WAITING";
  return map.state;
}

function countChildren(children: readonly FoundStep[], map: FoundStep | undefined): ChildrenView | undefined {
  const total = map && childrenOf(map);
  if (map === undefined || total === undefined) return undefined;
  const counts: { [S in ViewState]?: number } = {};
  for (const { state } of children) counts[state] = (counts[state] ?? 0) + 1;
  const unstored = total - children.length;
  const state = unstoredChildState(map);
  if (unstored > 0) counts[state] = (counts[state] ?? 0) + unstored;
  return { total, counts };
}

/** A map whose jobs still wait counts as running once one of its children has run. */
function mapState(map: FoundStep, children: readonly FoundStep[]): ViewState {
  if (hasEnded(map)) return map.state;
  return children.some((child) => child.state === "RUNNING" || hasEnded(child)) ? "RUNNING" : map.state;
}

/** The error, if it says more than the state does. A cancelled step's error doesn't. */
function errorOf(record: FoundStep): StepError | undefined {
  return "error" in record && record.state !== "CANCELLED" ? record.error : undefined;
}

function errorsOf(own: FoundStep | undefined, children: readonly FoundStep[]): ErrorView[] {
  const failed = children.flatMap((child): ErrorView[] => {
    const error = errorOf(child);
    if (error === undefined) return [];
    return [{ ...error, ...(typeof child.index === "number" && { index: child.index }) }];
  });
  if (failed.length > 0) return failed.slice(0, maxErrors);
  const error = own && errorOf(own);
  return error === undefined ? [] : [error];
}

/**
 * The objects that the step itself made. Its result may also name objects of others, so only those under its own prefix
 * in S3 count.
 */
function artifactsOf(run: Run, node: StepNode, records: readonly FoundStep[]): Artifact[] {
  const place = `/${stepPrefix(run, node.name)}`;
  const made = records.flatMap((record) =>
    hasResult(record) && "value" in record.output ? artifactsIn(record.output.value) : [],
  );
  return [...new Map(made.filter(({ uri }) => uri.includes(place)).map((each) => [each.uri, each])).values()];
}

function timesOf(
  own: FoundStep | undefined,
  now: number,
): Pick<StepView, "startedAt" | "endedAt" | "milliseconds" | "retryAt"> {
  if (own === undefined) return {};
  const { startedAt } = own;
  const endedAt = hasEnded(own) ? own.endedAt : undefined;
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  return {
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
    milliseconds: Math.max(0, end - Date.parse(startedAt)),
    ...(own.state === "RETRYING" && { retryAt: new Date(own.retryAt).toISOString() }),
  };
}

/**
 * The runs of a mapped step's children. If there are too many, those that are under way or didn't succeed come first.
 */
function childRunsOf(children: readonly FoundStep[]): Pick<StepView, "childRuns"> {
  const runs = children.flatMap(({ index, child, state }): ChildRunView[] =>
    child === undefined || index === "map" ? [] : [{ index, runId: child.runId, state }],
  );
  if (runs.length === 0) return {};
  const shown = [
    ...runs.filter(({ state }) => state !== "SUCCEEDED"),
    ...runs.filter(({ state }) => state === "SUCCEEDED"),
  ].slice(0, maxChildRuns);
  return { childRuns: shown.toSorted((a, b) => a.index - b.index) };
}

/** The answers to an approval. */
function answersOf(records: readonly FoundStep[], mapped: boolean): Pick<StepView, "answers"> {
  const answers = records.flatMap(({ answer, index }): AnswerView[] => {
    if (answer === undefined) return [];
    return [{ ...answer, ...(mapped && typeof index === "number" && { index }) }];
  });
  if (answers.length === 0) return {};
  const inOrder = answers.toSorted((a, b) => Number(a.approved) - Number(b.approved));
  return { answers: inOrder.slice(0, maxAnswers) };
}

/** The fields that only some kinds of step have. */
function ownFacts(record: FoundStep): Pick<StepView, "passes" | "child" | "cachedFrom" | "message"> {
  return {
    ...(record.passes !== undefined && { passes: record.passes }),
    ...(record.child !== undefined && { child: record.child.runId }),
    ...(record.state === "CACHED" && { cachedFrom: record.cachedFrom }),
    ...(record.state === "PAUSED" && { message: record.message }),
  };
}

/** The attempts of functions. */
function functionFacts(
  { task, over }: StepNode,
  all: readonly FoundStep[],
): Pick<StepView, "functionAttempts"> {
  if (doneBy(task) !== "worker") return {};
  const functionAttempts = viewFunctionAttempts(all, over !== undefined);
  return functionAttempts.length === 0 ? {} : { functionAttempts };
}

/** The additional fields of Batch steps. */
function jobFacts(
  { task, over }: StepNode,
  own: FoundStep | undefined,
  all: readonly FoundStep[],
): Pick<StepView, "queue" | "withoutGpu" | "log" | "jobs" | "usage"> {
  if (task.kind !== "batch" || own === undefined) return {};
  const jobs = viewAttempts(all, over !== undefined, task.resources);
  const usage = viewUsage(all);
  return {
    queue: attemptResources(task.resources, own).queue,
    ...(isInsteadOfGpu(task.resources) && { withoutGpu: true as const }),
    ...("log" in own && own.log !== undefined && { log: own.log }),
    ...(jobs.length > 0 && { jobs }),
    ...(usage !== undefined && { usage }),
  };
}

function viewStep(
  run: Run,
  node: StepNode,
  plannedState: PlannedState,
  all: readonly FoundStep[],
  cost: RunCost,
  now: number,
): StepView {
  const records = currentRecords(run, all);
  const mapped = node.over !== undefined;
  const own = records.find(({ index }) => (mapped ? index === "map" : index !== "map"));
  const members = mapped ? records.filter(({ index }) => index !== "map") : [];
  const children = countChildren(members, own);
  return {
    ...(own !== undefined && addedFields(own)),
    number: node.number,
    name: node.name,
    kind: node.task.kind,
    ...(node.task.kind === "batch" && { job: node.task.job }),
    state: own === undefined ? derivedState(run, plannedState) : mapState(own, members),
    ...(node.tags !== undefined && { tags: node.tags }),
    ...(own !== undefined && ownFacts(own)),
    ...(children !== undefined && { children }),
    ...childRunsOf(members),
    ...answersOf(records, mapped),
    attempts: Math.max(0, ...records.map(({ attempt }) => attempt)),
    ...timesOf(own, now),
    errors: errorsOf(own, members),
    ...jobFacts(node, own, records),
    ...functionFacts(node, records),
    ...(own !== undefined && { cost: cost.steps.get(node.name) ?? { dollars: 0, atLeast: false } }),
    ...(own !== undefined && !mapped && hasResult(own) && { output: own.output }),
    artifacts: artifactsOf(run, node, records),
  };
}

/** The result that the start of a pipeline leaves: see `startDependant`. */
const startedRun = z.object({ value: z.object({ runId: z.string() }) });

/** A step that followed the end of a run's epoch. */
function viewAfterRunStep(record: FoundStep, now: number): AfterRunStepView {
  const parsed = parseAfterRunStep(record.step);
  const run =
    hasResult(record) && parsed.kind === "start" ? startedRun.safeParse(record.output).data : undefined;
  return {
    kind: parsed.kind,
    name: parsed.kind === "hook" ? "hook" : parsed.name,
    state: record.state,
    ...(run !== undefined && { child: run.value.runId }),
    attempts: record.attempt,
    ...timesOf(record, now),
    errors: errorsOf(record, []),
  };
}

/**
 * A run as a person sees it. Pure: stored states are shown as they are. States that aren't stored (WAITING, READY,
 * UPSTREAM_FAILED, and SKIPPED together with its input) follow from `plan`. Fields that newer code added are shown too.
 * Read the run before its records, so that the records are never behind it.
 *
 * @param graph the graph that the run started with
 * @param now epoch milliseconds, for the durations of what hasn't ended
 */
export function viewRun(run: Run, graph: Graph, records: readonly FoundStep[], now: number): RunView {
  const { plannedStates } = plan(graph, run.progress);
  const cost = runCost(graph, records);
  const { dollars, atLeast } = cost;
  const kept = isEnded(run)
    ? (costOf(run) ?? { dollars, atLeast })
    : { dollars, atLeast, soFar: true as const };
  const byStep = Map.groupBy(records, ({ step }) => step);
  const end = "endedAt" in run ? Date.parse(run.endedAt) : now;
  const { graphHash, progress, limits, onCollision, refresh, activeSince, endsAs, ...facts } = {
    endsAs: undefined,
    ...run,
  };
  const { spent, priced, unpriced, counted, ...shown } = facts;
  return {
    ...shown,
    milliseconds: Math.max(0, end - Date.parse(run.startedAt)),
    cost: { ...kept, basis: costBasis },
    steps: graph.steps.map((node) =>
      viewStep(run, node, plannedStates[node.number] ?? "WAITING", byStep.get(node.name) ?? [], cost, now),
    ),
    afterwards: records
      .filter(({ step, index }) => isAfterRunStep(step) && index === run.epoch)
      .map((record) => viewAfterRunStep(record, now)),
  };
}
