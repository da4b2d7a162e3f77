import * as z from "zod";
import { ExpressionError, referencesIn } from "./expression.ts";
import {
  checkGraph,
  type DefinitionProblem,
  type Graph,
  graphHash,
  type StepNode,
  stepsUsedBy,
} from "./graph.ts";
import { type AnyJob, resources as resourcesSchema } from "./job.ts";
import type { Json } from "./json.ts";
import { isRef, type Ref, RefUseError, type Resolved, refTo, toExpression } from "./ref.ts";
import { type RetryPolicy, retryPolicy } from "./retry-policy.ts";
import { fieldMissing } from "./schema-path.ts";
import type { StepFunction, Task } from "./task.ts";
import { checkTriggers, type Trigger } from "./trigger.ts";

/** What may be set per step. */
export type StepOptions = {
  /** Steps that must end first, although their data is not used. */
  after?: readonly Ref<unknown>[];
  /** The step runs when this is true and is skipped when it is false. */
  when?: Ref<boolean>;
  /** How often a failed step is tried again (default 0), or how often and when. */
  retries?: number | z.input<typeof retryPolicy>;
  /** Seconds that one attempt may take: by default 60 for a function; for a job, what its contract says. */
  timeout?: number;
};

/** Facts about a run that steps may use. Times are ISO 8601 in UTC. */
export type RunFacts = { id: string; pipeline: string; name: string; scheduledAt: string };

/** What a definition is built with. */
export type Builder<P> = {
  params: Ref<P>;
  run: Ref<RunFacts>;
  /** One step. */
  step<T>(name: string, task: Task<T>, options?: StepOptions): Ref<T>;
  /** One step for each item of a list; the results keep the list's order. */
  map<E, T>(
    name: string,
    list: Ref<readonly E[]> | readonly E[],
    task: (item: Ref<Resolved<E>>) => Task<T>,
    options?: StepOptions,
  ): Ref<T[]>;
};

/** A pipeline as defined: its graph as data, and the code that the graph names. */
export type Pipeline = {
  readonly name: string;
  readonly params: z.ZodType<Json>;
  readonly triggers: readonly Trigger[];
  readonly graph: Graph;
  readonly graphHash: string;
  /** Functions of lambda steps, by step. */
  readonly functions: ReadonlyMap<string, StepFunction>;
  /** Contracts of batch steps, by job name. */
  readonly jobs: ReadonlyMap<string, AnyJob>;
};

/** A definition has mistakes; the message lists all of them. */
export class PipelineDefinitionError extends Error {
  override readonly name = "PipelineDefinitionError";
  readonly pipeline: string;
  readonly problems: readonly DefinitionProblem[];
  constructor(pipeline: string, problems: readonly DefinitionProblem[]) {
    const lines = problems.map(({ step, field, problem }) => {
      const place = [step && `step "${step}"`, field].filter(Boolean).join(", ");
      return `  - ${place ? `${place}: ` : ""}${problem}`;
    });
    super(
      `pipeline "${pipeline}" has ${problems.length} mistake${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    );
    this.pipeline = pipeline;
    this.problems = problems;
  }
}

/** Longest that a function may run, in seconds: what the step worker's own timeout leaves. */
export const maxLambdaTimeout = 100;

/** Collects the steps of one definition and whatever is wrong with them. */
class Definition {
  readonly nodes: StepNode[] = [];
  readonly functions = new Map<string, StepFunction>();
  readonly jobs = new Map<string, AnyJob>();
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
    const node: StepNode = {
      number: this.nodes.length,
      name,
      task: this.describeTask(task, report),
      input: attempt<Json>("input", () => toExpression(task.input), null),
      needs: [],
      after: [],
      retries: parsedRetries(options.retries, report),
      timeout: parsedTimeout(task, options.timeout, report),
    };
    if (over !== undefined) node.over = attempt<Json>("over", () => toExpression(over, "list"), []);
    if (options.when !== undefined)
      node.when = attempt<Json>("when", () => toExpression(options.when, "when"), true);
    node.needs = this.numbersOf(stepsUsedBy(node));
    node.after = this.afterOf(options.after ?? [], report);
    this.checkFields(node, report);
    if (over !== undefined) this.checkIsList(node.over ?? null, report);
    if (task.kind === "lambda") this.functions.set(name, task.run);
    else {
      this.jobs.set(task.job.name, task.job);
      this.outputs.set(name, { schema: task.job.output, mapped: over !== undefined });
    }
    this.nodes.push(node);
    return refTo.step<unknown>(name);
  }

  private describeTask(
    task: Task<unknown>,
    report: (field: string, problem: string) => void,
  ): StepNode["task"] {
    if (task.kind === "lambda") return { kind: "lambda" };
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

  /** The schema that a reference goes into, where it is known: parameters and the outputs of jobs are. */
  private schemaAt(
    source: string,
    path: readonly string[],
  ): { schema: z.ZodType; path: readonly string[] } | undefined {
    if (source === "$params") return { schema: this.params, path };
    if (source !== "$step") return undefined;
    const output = this.outputs.get(path[0] ?? "");
    if (output === undefined) return undefined;
    return { schema: output.mapped ? z.array(output.schema) : output.schema, path: path.slice(1) };
  }

  private checkFields(node: StepNode, report: (field: string, problem: string) => void): void {
    for (const [field, value] of [
      ["input", node.input],
      ["over", node.over],
      ["when", node.when],
    ] as const) {
      for (const { source, path } of value === undefined ? [] : referencesIn(value)) {
        const known = this.schemaAt(source, path);
        const missing = known && fieldMissing(known.schema, known.path);
        if (missing)
          report(field, `${source === "$params" ? "params" : `step "${path[0]}"`} has no field "${missing}"`);
      }
    }
  }

  private checkIsList(over: Json, report: (field: string, problem: string) => void): void {
    if (Array.isArray(over)) return;
    const [reference] = typeof over === "object" ? referencesIn(over) : [];
    if (reference === undefined)
      return void report("over", `maps over ${JSON.stringify(over)}, which is not a list`);
    if (typeof over === "object" && over !== null && "$flatten" in over) return;
    const known = this.schemaAt(reference.source, reference.path);
    if (known && fieldMissing(known.schema, [...known.path, 0]) === 0) {
      report("over", "maps over something that is not a list");
    }
  }
}

function parsedRetries(
  retries: StepOptions["retries"],
  report: (field: string, problem: string) => void,
): RetryPolicy {
  const parsed = retryPolicy.safeParse(typeof retries === "object" ? retries : { limit: retries ?? 0 });
  if (parsed.success) return parsed.data;
  report("retries", z.prettifyError(parsed.error));
  return retryPolicy.parse({ limit: 0 });
}

function parsedTimeout(
  task: Task<unknown>,
  timeout: number | undefined,
  report: (field: string, problem: string) => void,
): number {
  if (task.kind === "lambda") {
    const seconds = timeout ?? 60;
    if (seconds > 0 && seconds <= maxLambdaTimeout) return seconds;
    report(
      "timeout",
      `is ${seconds}; a function may take up to ${maxLambdaTimeout} seconds: longer work is a batch job`,
    );
    return 60;
  }
  const seconds = timeout ?? task.resources.timeoutSeconds ?? task.job.resources.timeoutSeconds;
  if (seconds >= 60 && seconds <= 14 * 24 * 3600) return seconds;
  report("timeout", `is ${seconds}; AWS Batch takes 60 seconds to 14 days`);
  return 3600;
}

/**
 * Defines a pipeline. `build` runs once, now; what it makes is a graph of data.
 *
 * @throws PipelineDefinitionError with all mistakes of the definition
 */
export function definePipeline<P extends z.ZodType<Json>>(
  options: { name: string; params: P; triggers?: readonly Trigger[] },
  build: (builder: Builder<z.output<P>>) => unknown,
): Pipeline {
  const { name, params, triggers = [] } = options;
  const definition = new Definition(params);
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    definition.problems.push({
      field: "name",
      problem: "is 1 to 40 lower-case letters, digits and -, and starts with a letter",
    });
  }
  try {
    build({
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
  } catch (error) {
    if (!(error instanceof RefUseError)) throw error;
    definition.problems.push({ problem: error.message });
  }
  const graph: Graph = { version: 1, pipeline: name, steps: definition.nodes };
  if (definition.nodes.length === 0 && definition.problems.length === 0) {
    definition.problems.push({ problem: "has no steps" });
  }
  const problems = [...definition.problems, ...checkGraph(graph), ...checkTriggers(triggers, params)];
  if (problems.length > 0) throw new PipelineDefinitionError(name, problems);
  return Object.freeze({
    name,
    params,
    triggers,
    graph,
    graphHash: graphHash(graph),
    functions: definition.functions,
    jobs: definition.jobs,
  });
}
