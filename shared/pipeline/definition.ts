import * as z from "zod";
import type { Pipeline } from "./define-pipeline.ts";
import { type Expression, ExpressionError, type Reference, referencesIn } from "./expression.ts";
import {
  cachePolicy,
  type DefinitionProblem,
  expressionsOf,
  repeatPolicy,
  type StepNode,
  type StepSize,
  stepSize,
  stepsUsedBy,
  type TriggerRule,
} from "./graph.ts";
import { type AnyJob, resources as resourcesSchema } from "./job.ts";
import type { Json } from "./json.ts";
import { type OptionNames, strangeOptions } from "./known-options.ts";
import { isRef, type Ref, RefUseError, refTo, toExpression } from "./ref.ts";
import { type RetryPolicy, retryPolicy } from "./retry-policy.ts";
import { fieldMissing } from "./schema-path.ts";
import { stepTags, tagProblems, tagsInOrder } from "./tag.ts";
import type { StepFunction, Task } from "./task.ts";

/** That a result may be kept and used again: for how long, in seconds, and the code's version as its author has it. */
export type CacheOptions = true | { expires?: number; version?: string };

/** What may be set per step. */
export type StepOptions = {
  /** Steps that must end first, although their data is not used. */
  after?: readonly Ref<unknown>[];
  /** The step runs when this is true and is skipped when it is false. */
  when?: Ref<boolean>;
  /** Which ends of the steps before let this one run, once all of them have ended; `all_succeeded` when left out. */
  rule?: TriggerRule;
  /** How often a failed step is tried again (default 0), or how often, when and after which errors. */
  retries?: number | z.input<typeof retryPolicy>;
  /** Seconds that one attempt may take: by default 60 for a function; for a job, what its contract says. */
  timeout?: number;
  /** Uses an earlier result of the same code for the same input, whichever run it was of. */
  cache?: CacheOptions;
  /** `large`: the function runs in a worker with more memory, which it has to itself. */
  size?: StepSize;
  /** What the step's log lines and its jobs on AWS are marked by, to filter and to share costs out. */
  tags?: readonly string[];
};

const optionNames: OptionNames<StepOptions> = {
  after: true,
  when: true,
  rule: true,
  retries: true,
  timeout: true,
  cache: true,
  size: true,
  tags: true,
};

/** Longest that a function may run, in seconds: what the step worker's own timeout leaves. */
export const maxLambdaTimeout = 100;

/** Collects the steps of one definition and whatever is wrong with them. */
export class Definition {
  readonly nodes: StepNode[] = [];
  readonly functions = new Map<string, StepFunction>();
  readonly jobs = new Map<string, AnyJob>();
  readonly children = new Map<string, Pipeline>();
  output: Json | undefined;
  readonly problems: DefinitionProblem[] = [];
  private readonly outputs = new Map<string, { schema: z.ZodType; mapped: boolean }>();
  private readonly params: z.ZodType;

  constructor(params: z.ZodType) {
    this.params = params;
  }

  add(name: string, task: Task<unknown>, options: StepOptions, over?: unknown): Ref<unknown> {
    const report = (field: string, problem: string) => this.problems.push({ step: name, field, problem });
    const attempt = <T>(field: string, make: () => T, otherwise: T): T => {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof RefUseError || error instanceof ExpressionError)) throw error;
        report(field, error.message);
        return otherwise;
      }
    };
    for (const problem of [...strangeOptions(options, optionNames), ...(task.mistakes ?? [])]) {
      this.problems.push({ step: name, problem });
    }
    const node: StepNode = {
      number: this.nodes.length,
      name,
      task: this.describeTask(task, report),
      input: attempt<Json>("input", () => toExpression(task.input), null),
      needs: [],
      after: [],
      retries: parsedRetries(task, options.retries, report),
      timeout: parsedTimeout(task, options.timeout, report),
    };
    if (options.rule !== undefined) node.rule = options.rule;
    if (options.cache !== undefined) node.cache = parsedCache(task, options.cache, report);
    if (options.size !== undefined) node.size = parsedSize(task, options.size, report);
    if (options.tags !== undefined) node.tags = parsedTags(options.tags, report);
    const repeat = "repeat" in task ? task.repeat : undefined;
    if (repeat !== undefined) {
      const until = attempt<Json>("repeat.until", () => toExpression(repeat.until, "until"), true);
      node.repeat = parsedRepeat({ ...repeat, until }, report);
    }
    if (over !== undefined) node.over = attempt<Json>("over", () => toExpression(over, "list"), []);
    if (options.when !== undefined)
      node.when = attempt<Json>("when", () => toExpression(options.when, "when"), true);
    const used = stepsUsedBy(node);
    node.needs = this.numbersOf(used.needed);
    const order = [...this.afterOf(options.after ?? [], report), ...this.numbersOf(used.optional)];
    node.after = [...new Set(order)].sort((a, b) => a - b);
    const result = task.kind === "batch" ? task.job.output : undefined;
    for (const [field, expression] of expressionsOf(node)) {
      for (const problem of this.fieldProblems(expression, result)) report(field, problem);
    }
    if (over !== undefined) this.checkIsList(node.over ?? null, report);
    if (task.kind === "lambda") this.functions.set(name, task.run);
    if (task.kind === "child") this.children.set(task.pipeline.name, task.pipeline);
    if (task.kind === "batch") {
      this.jobs.set(task.job.name, task.job);
      this.outputs.set(name, { schema: task.job.output, mapped: over !== undefined });
    }
    this.nodes.push(node);
    return refTo.step<unknown>(name);
  }

  /** What the definition returned becomes the run's output; nothing at all is fine. */
  setOutput(result: unknown): void {
    if (result === undefined) return;
    this.output = toExpression(result, "the returned value");
    for (const problem of this.fieldProblems(this.output)) this.problems.push({ field: "output", problem });
  }

  private describeTask(
    task: Task<unknown>,
    report: (field: string, problem: string) => void,
  ): StepNode["task"] {
    if (task.kind === "approval") {
      return { kind: "approval", ...(task.byDefault !== undefined && { byDefault: task.byDefault }) };
    }
    if (task.kind === "child") return { kind: "child", pipeline: task.pipeline.name };
    if (task.kind !== "batch") return { kind: task.kind };
    const merged = resourcesSchema.safeParse({ ...task.job.resources, ...task.resources });
    if (!merged.success) report("resources", z.prettifyError(merged.error));
    return { kind: "batch", job: task.job.name, resources: merged.data ?? task.job.resources };
  }

  private numbersOf(names: readonly string[]): number[] {
    return this.nodes.filter((node) => names.includes(node.name)).map((node) => node.number);
  }

  private afterOf(refs: readonly Ref<unknown>[], report: (field: string, problem: string) => void): number[] {
    const names: string[] = [];
    for (const ref of refs) {
      const used = isRef(ref) ? referencesIn(toExpression(ref)) : [];
      const steps = used.filter(({ source }) => source === "$step").map(({ path }) => path[0] ?? "");
      if (steps.length === 0) report("after", "takes what step() and map() return");
      for (const step of steps) {
        if (!this.nodes.some((node) => node.name === step))
          report("after", `step "${step}" does not exist in this pipeline`);
      }
      names.push(...steps);
    }
    return this.numbersOf(names);
  }

  /**
   * What a reference goes into, where its schema is known: parameters and the outputs of jobs are.
   *
   * @param result the schema of what one pass of the step gives
   */
  private targetOf(
    { source, path }: Reference,
    result?: z.ZodType,
  ): { name: string; schema: z.ZodType; path: readonly string[] } | undefined {
    if (source === "$params") return { name: "params", schema: this.params, path };
    if (source === "$result") return result && { name: "the result", schema: result, path };
    if (source !== "$step") return undefined;
    const [step = "", ...fields] = path;
    const output = this.outputs.get(step);
    if (output === undefined) return undefined;
    const schema = output.mapped ? z.array(output.schema) : output.schema;
    return { name: `step "${step}"`, schema, path: fields };
  }

  /** What an expression reads that is sure not to be there. */
  private fieldProblems(expression: Expression, result?: z.ZodType): string[] {
    return referencesIn(expression).flatMap((reference) => {
      const target = this.targetOf(reference, result);
      if (target === undefined) return [];
      const missing = fieldMissing(target.schema, target.path);
      return missing === undefined ? [] : [`${target.name} has no field "${missing}"`];
    });
  }

  private checkIsList(over: Json, report: (field: string, problem: string) => void): void {
    if (Array.isArray(over)) return;
    const [reference] = typeof over === "object" ? referencesIn(over) : [];
    if (reference === undefined)
      return void report("over", `maps over ${JSON.stringify(over)}, which is not a list`);
    if (typeof over === "object" && over !== null && "$flatten" in over) return;
    const target = this.targetOf(reference);
    if (target && fieldMissing(target.schema, [...target.path, 0]) === 0) {
      report("over", "maps over something that is not a list");
    }
  }
}

function parsedRetries(
  task: Task<unknown>,
  retries: StepOptions["retries"],
  report: (field: string, problem: string) => void,
): RetryPolicy {
  if (retries !== undefined && (task.kind === "wait" || task.kind === "object" || task.kind === "approval")) {
    report("retries", "is for functions, jobs and runs of other pipelines; this one waits, by its deadline");
  }
  const parsed = retryPolicy.safeParse(typeof retries === "object" ? retries : { limit: retries ?? 0 });
  if (parsed.success) return parsed.data;
  report("retries", z.prettifyError(parsed.error));
  return retryPolicy.parse({ limit: 0 });
}

function parsedRepeat(
  repeat: { until: Json; limit: number; delay: number },
  report: (field: string, problem: string) => void,
): NonNullable<StepNode["repeat"]> {
  const parsed = repeatPolicy.safeParse(repeat);
  if (parsed.success) return parsed.data;
  report("repeat", z.prettifyError(parsed.error));
  return { until: true, limit: 1, delay: 0 };
}

/** What a task is, with its article. */
function kindOf({ kind }: Task<unknown>): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

function parsedCache(
  task: Task<unknown>,
  options: CacheOptions,
  report: (field: string, problem: string) => void,
): NonNullable<StepNode["cache"]> {
  if (task.kind !== "lambda" && task.kind !== "batch") {
    report("cache", `is for functions and jobs; this is ${kindOf(task)}`);
  }
  if ("repeat" in task && task.repeat !== undefined) {
    report("cache", "is not for a repeated task: its result depends on more than its input");
  }
  const parsed = cachePolicy.safeParse({ version: "", ...(options === true ? {} : options) });
  if (parsed.success) return parsed.data;
  report("cache", z.prettifyError(parsed.error));
  return { version: "" };
}

function parsedSize(
  task: Task<unknown>,
  size: StepSize,
  report: (field: string, problem: string) => void,
): StepSize {
  if (task.kind === "batch") {
    report("size", "is for functions; a job says its memory: batch(job, input, { memory: 4096 })");
  } else if (task.kind !== "lambda") {
    report("size", `is for functions; this is ${kindOf(task)}`);
  }
  if (!stepSize.safeParse(size).success) {
    report("size", `is ${JSON.stringify(size)}; it is "large", or left out for the ordinary worker`);
  }
  return "large";
}

function parsedTags(given: readonly string[], report: (field: string, problem: string) => void): string[] {
  const problems = tagProblems(stepTags, given);
  for (const { field, problem } of problems) report(field, problem);
  return problems.length === 0 ? tagsInOrder(given) : [];
}

/** For what has no time of its own: longer than anybody waits. */
const yearSeconds = 366 * 24 * 3600;

function deadlineOf(
  seconds: number,
  field: string,
  report: (field: string, problem: string) => void,
): number {
  if (seconds > 0 && seconds <= yearSeconds) return seconds;
  report(field, `is ${seconds}; it is a number of seconds above 0, at most a year`);
  return yearSeconds;
}

function parsedTimeout(
  task: Task<unknown>,
  timeout: number | undefined,
  report: (field: string, problem: string) => void,
): number {
  if (task.kind === "lambda") return functionTimeout(timeout ?? 60, report);
  if (task.kind === "batch") {
    return jobTimeout(timeout ?? task.resources.timeoutSeconds ?? task.job.resources.timeoutSeconds, report);
  }
  const own = task.kind === "approval" || task.kind === "object" ? task.deadline : undefined;
  if (timeout !== undefined) {
    const remedy = own === undefined ? "set the timeout of the pipeline instead" : "use deadline instead";
    report("timeout", `is not for ${kindOf(task)}; ${remedy}`);
  }
  return own === undefined ? yearSeconds : deadlineOf(own, "deadline", report);
}

function functionTimeout(seconds: number, report: (field: string, problem: string) => void): number {
  if (seconds > 0 && seconds <= maxLambdaTimeout) return seconds;
  report(
    "timeout",
    `is ${seconds}; a function may take up to ${maxLambdaTimeout} seconds: longer work is a batch job`,
  );
  return 60;
}

function jobTimeout(seconds: number, report: (field: string, problem: string) => void): number {
  if (seconds >= 60 && seconds <= 14 * 24 * 3600) return seconds;
  report("timeout", `is ${seconds}; AWS Batch takes 60 seconds to 14 days`);
  return 3600;
}
