import type * as z from "zod";
import { checkGraph } from "./check-graph.ts";
import { Definition } from "./definition.ts";
import { type DefinitionProblem, type Graph, graphHash, type HookState, hookName } from "./graph.ts";
import type { Json } from "./json.ts";
import { type OptionNames, unknownOptions } from "./known-options.ts";
import { MillraceError } from "./millrace-error.ts";
import { checkNotices, type Notice, noticeNodes } from "./notice.ts";
import type { Hook, Pipeline, RunFacts, Trigger, WorkQueue } from "./pipeline.ts";
import { type Ref, RefUseError, type Resolved, refTo } from "./ref.ts";
import { checkRunName, type RunNameTemplate } from "./run-name.ts";
import type { StepFunction } from "./step-function.ts";
import type { StepOptions } from "./step-options.ts";
import { tagProblems, tags as tagsSchema } from "./tag.ts";
import type { Task } from "./task.ts";
import { checkTriggers } from "./trigger.ts";
import { isLimit, limitRule } from "./work-queue.ts";

/** The arguments of a definition's `build` function. */
export type Builder<P> = {
  params: Ref<P>;
  run: Ref<RunFacts>;
  /**
   * One step.
   *
   * @example
   * ```ts
   * const rows = step("count_rows", lambda({ file: file.uri }, countRows), { retries: 2, timeout: 30 });
   * ```
   */
  step<T>(name: string, task: Task<T>, options?: StepOptions): Ref<T>;
  /**
   * One step for each item of a list; the results keep the list's order.
   *
   * @example
   * ```ts
   * const models = map("train", params.alphas, (alpha) => batch(sales.train, { month: params.month, alpha }));
   * step("select_best", lambda({ models }, selectBest));
   * ```
   */
  map<E, T>(
    name: string,
    list: Ref<readonly E[]> | readonly E[],
    task: (item: Ref<Resolved<E>>) => Task<T>,
    options?: StepOptions,
  ): Ref<T[]>;
};

/** Everything that defines a pipeline, besides its steps. */
export type PipelineOptions<P> = {
  name: string;
  params: P;
  triggers?: readonly Trigger[];
  /** Tags that all of its runs get, so that they can be found. */
  tags?: readonly string[];
  /**
   * How runs are named, as in `ctr-{yyyy}-{MM}-{dd}-{params.region}`. The dates show the run's scheduled time, in the
   * stage's time zone or a given one. A name is for people; two runs may have the same name.
   */
  runName?: string | { template: string; timezone?: string };
  /** Seconds that a run may take from when it has its slots. After that, it is timed out. */
  timeout?: number;
  /** How many runs may be under way at once. */
  maxActiveRuns?: number;
  /** What happens to a run beyond that: it waits (`queue`, the default) or is cancelled (`cancel_new`). */
  onCollision?: "queue" | "cancel_new";
  /** The work queue whose limit the runs share with other pipelines. */
  queue?: WorkQueue;
  /** Priority in the work queue, from 1 (first) to 100; 50 if omitted. */
  priority?: number;
  /** Functions that are called when a run has ended. */
  hooks?: { succeeded?: Hook; failed?: Hook; cancelled?: Hook; timedOut?: Hook };
  /** Who is notified when a run has ended. */
  notices?: readonly Notice[];
};

/** A definition has mistakes; the message lists all of them. */
export class PipelineDefinitionError extends MillraceError {
  readonly pipeline: string;
  readonly problems: readonly DefinitionProblem[];
  constructor(pipeline: string, problems: readonly DefinitionProblem[]) {
    const lines = problems.map(({ step, field, problem }) => {
      const place = [step && `step "${step}"`, field].filter(Boolean).join(", ");
      return `  - ${place ? `${place}: ` : ""}${problem}`;
    });
    super(
      "PIPELINE_DEFINITION",
      `pipeline "${pipeline}" has ${problems.length} mistake${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    );
    this.pipeline = pipeline;
    this.problems = problems;
  }
}

const hookStates = {
  succeeded: "SUCCEEDED",
  failed: "FAILED",
  cancelled: "CANCELLED",
  timedOut: "TIMED_OUT",
} as const satisfies Record<string, HookState>;

function hooksOf(hooks: PipelineOptions<unknown>["hooks"] = {}): Map<HookState, Hook> {
  const names = ["succeeded", "failed", "cancelled", "timedOut"] as const;
  return new Map(
    names.flatMap((name): [HookState, Hook][] => {
      const hook = hooks[name];
      return hook === undefined ? [] : [[hookStates[name], hook]];
    }),
  );
}

/** Hooks are called the same way as steps, under names that no step can have. */
function hookFunctions(hooks: PipelineOptions<unknown>["hooks"]): [string, StepFunction][] {
  // The engine calls a hook with the facts about the run's end; the types of the two meet here.
  return [...hooksOf(hooks)].map(([state, hook]) => [hookName(state), hook as unknown as StepFunction]);
}

const optionNames: OptionNames<PipelineOptions<unknown>> = {
  name: true,
  params: true,
  triggers: true,
  tags: true,
  runName: true,
  timeout: true,
  maxActiveRuns: true,
  onCollision: true,
  queue: true,
  priority: true,
  hooks: true,
  notices: true,
};

function checkNames({ hooks = {}, runName, ...options }: PipelineOptions<unknown>): DefinitionProblem[] {
  const template = typeof runName === "object" ? runName : {};
  return [
    ...unknownOptions(options, optionNames).map((problem) => ({ problem })),
    ...unknownOptions(hooks, hookStates).map((problem) => ({ field: "hooks", problem })),
    ...unknownOptions(template, { template: true, timezone: true }).map((problem) => ({
      field: "runName",
      problem,
    })),
  ];
}

function checkOptions(options: PipelineOptions<unknown>): DefinitionProblem[] {
  const { name, timeout = 1, maxActiveRuns = 1, priority = 50, tags = [] } = options;
  const problems: DefinitionProblem[] = [];
  const report = (field: string, problem: string) => problems.push({ field, problem });
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    report("name", "is 1 to 40 lower-case letters, digits and -, and starts with a letter");
  }
  if (!(timeout > 0)) report("timeout", `is ${timeout}; it is a number of seconds above 0`);
  if (!isLimit(maxActiveRuns)) {
    report("maxActiveRuns", `is ${maxActiveRuns}; it is ${limitRule}`);
  }
  if (!Number.isInteger(priority) || priority < 1 || priority > 100) {
    report("priority", `is ${priority}; it is a whole number from 1 (first) to 100 (last)`);
  }
  for (const { field, problem } of tagProblems(tagsSchema, tags)) report(field, problem);
  return problems;
}

function graphOf(options: PipelineOptions<unknown>, definition: Definition): Graph {
  const hooks = [...hooksOf(options.hooks).keys()];
  const notices = noticeNodes(options.notices ?? []);
  return {
    version: 1,
    pipeline: options.name,
    steps: definition.nodes,
    ...(definition.output !== undefined && { output: definition.output }),
    ...(options.timeout !== undefined && { timeout: options.timeout }),
    ...(hooks.length > 0 && { hooks }),
    ...(notices.length > 0 && { notices }),
  };
}

function runNameOf({ runName }: PipelineOptions<unknown>): RunNameTemplate | undefined {
  if (runName === undefined) return undefined;
  if (typeof runName === "string") return { template: runName, timezone: "stage" };
  return { template: runName.template, timezone: runName.timezone ?? "stage" };
}

/**
 * Defines a pipeline. `build` is called once, now, and makes a graph of data. Its return value, which may contain refs,
 * becomes the result of a step that runs this pipeline as a child.
 *
 * @throws PipelineDefinitionError with all mistakes of the definition
 *
 * @example
 * ```ts
 * export const greet = definePipeline(
 *   { name: "greet", params: z.strictObject({ name: z.string().default("world") }) },
 *   ({ params, step }) => {
 *     const greeting = step(
 *       "say",
 *       lambda({ name: params.name }, ({ name }) => `Hello, ${name}`),
 *     );
 *     return { greeting };
 *   },
 * );
 * ```
 */
export function definePipeline<P extends z.ZodType<Json>, R = unknown>(
  options: PipelineOptions<P>,
  build: (builder: Builder<z.output<P>>) => R,
): Pipeline<P, Resolved<R>> {
  const { name, params, triggers = [], maxActiveRuns, onCollision = "queue", queue, priority = 50 } = options;
  const definition = new Definition(params);
  try {
    const result = build({
      params: refTo.params<z.output<P>>(),
      run: refTo.run<RunFacts>(),
      step: <T>(step: string, task: Task<T>, stepOptions: StepOptions = {}) =>
        definition.add(step, task, stepOptions) as Ref<T>,
      map: <E, T>(
        step: string,
        list: unknown,
        task: (item: Ref<Resolved<E>>) => Task<T>,
        stepOptions: StepOptions = {},
      ) => definition.add(step, task(refTo.item<Resolved<E>>()), stepOptions, list) as Ref<T[]>,
    });
    definition.setOutput(result);
  } catch (error) {
    if (!(error instanceof RefUseError)) throw error;
    definition.problems.push({ problem: error.message });
  }
  const graph = graphOf(options, definition);
  if (definition.nodes.length === 0 && definition.problems.length === 0) {
    definition.problems.push({ problem: "has no steps" });
  }
  const runName = runNameOf(options);
  const problems = [
    ...checkNames(options),
    ...checkOptions(options),
    ...definition.problems,
    ...checkGraph(graph),
    ...checkTriggers(triggers, params),
    ...checkNotices(options.notices ?? []),
    ...(runName === undefined ? [] : checkRunName(runName, params)),
  ];
  if (problems.length > 0) throw new PipelineDefinitionError(name, problems);
  const pipeline: Pipeline<P, Resolved<R>> = Object.freeze({
    name,
    params,
    triggers,
    graph,
    graphHash: graphHash(graph),
    concurrency: {
      onCollision,
      priority,
      ...(maxActiveRuns !== undefined && { maxActiveRuns }),
      ...(queue !== undefined && { queue }),
    },
    tags: options.tags ?? [],
    ...(runName !== undefined && { runName }),
    functions: new Map([...definition.functions, ...hookFunctions(options.hooks)]),
    jobs: definition.jobs,
    children: definition.children,
  });
  defined.add(pipeline);
  return pipeline;
}

const defined = new WeakSet<object>();

/** Whether `definePipeline` returned this very object. A copy with other fields is derived from its pipeline's graph. */
export function isUnchanged(pipeline: Pipeline): boolean {
  return defined.has(pipeline);
}
