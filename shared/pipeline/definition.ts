import * as z from "zod";
import { type Expression, type Reference, referencesIn } from "./expression.ts";
import { type DefinitionProblem, expressionsOf, type StepNode, stepsUsedBy } from "./graph.ts";
import type { AnyJob } from "./job.ts";
import type { Json } from "./json.ts";
import { unknownOptions } from "./known-options.ts";
import type { Pipeline } from "./pipeline.ts";
import { isRef, type Ref, refTo, toExpression } from "./ref.ts";
import { fieldMissing } from "./schema-path.ts";
import type { StepFunction } from "./step-function.ts";
import {
  cacheOf,
  repeatOf,
  retriesOf,
  type StepOptions,
  sizeOf,
  stepOptionNames,
  tagsOf,
} from "./step-options.ts";
import { StepProblems } from "./step-problems.ts";
import type { Task } from "./task.ts";
import { rulesOf } from "./task-kinds.ts";

/** Collects the steps of one definition and everything that is wrong with them. */
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
    const problems = new StepProblems(name, this.problems);
    const rules = rulesOf(task.kind);
    for (const problem of [...unknownOptions(options, stepOptionNames), ...(task.mistakes ?? [])]) {
      problems.add(undefined, problem);
    }
    const node: StepNode = {
      number: this.nodes.length,
      name,
      task: rules.inGraph(task, problems),
      input: problems.attempt<Json>("input", () => toExpression(task.input), null),
      needs: [],
      after: [],
      retries: retriesOf(task, options.retries, problems),
      timeout: rules.timeout(task, options.timeout, problems),
    };
    if (options.rule !== undefined) node.rule = options.rule;
    if (options.cache !== undefined) node.cache = cacheOf(task, options.cache, problems);
    if (options.size !== undefined) node.size = sizeOf(task, options.size, problems);
    if (options.tags !== undefined) node.tags = tagsOf(options.tags, problems);
    const repeat = "repeat" in task ? task.repeat : undefined;
    if (repeat !== undefined) {
      const until = problems.attempt<Json>("repeat.until", () => toExpression(repeat.until, "until"), true);
      node.repeat = repeatOf({ ...repeat, until }, problems);
    }
    if (over !== undefined) node.over = problems.attempt<Json>("over", () => toExpression(over, "list"), []);
    if (options.when !== undefined)
      node.when = problems.attempt<Json>("when", () => toExpression(options.when, "when"), true);
    const used = stepsUsedBy(node);
    node.needs = this.numbersOf(used.needed);
    const order = [...this.afterOf(options.after ?? [], problems), ...this.numbersOf(used.optional)];
    node.after = [...new Set(order)].sort((a, b) => a - b);
    const { run, job, pipeline } = rules.code(task);
    for (const [field, expression] of expressionsOf(node)) {
      for (const problem of this.fieldProblems(expression, job?.output)) problems.add(field, problem);
    }
    if (over !== undefined) this.checkIsList(node.over ?? null, problems);
    if (run !== undefined) this.functions.set(name, run);
    if (pipeline !== undefined) this.children.set(pipeline.name, pipeline);
    if (job !== undefined) {
      this.jobs.set(job.name, job);
      this.outputs.set(name, { schema: job.output, mapped: over !== undefined });
    }
    this.nodes.push(node);
    return refTo.step<unknown>(name);
  }

  /** The return value of the definition becomes the run's output; it may be undefined. */
  setOutput(result: unknown): void {
    if (result === undefined) return;
    this.output = toExpression(result, "the returned value");
    for (const problem of this.fieldProblems(this.output)) this.problems.push({ field: "output", problem });
  }

  private numbersOf(names: readonly string[]): number[] {
    return this.nodes.filter((node) => names.includes(node.name)).map((node) => node.number);
  }

  private afterOf(refs: readonly Ref<unknown>[], problems: StepProblems): number[] {
    const names: string[] = [];
    for (const ref of refs) {
      const used = isRef(ref) ? referencesIn(toExpression(ref)) : [];
      const steps = used.filter(({ source }) => source === "$step").map(({ path }) => path[0] ?? "");
      if (steps.length === 0) problems.add("after", "takes what step() and map() return");
      for (const step of steps) {
        if (!this.nodes.some((node) => node.name === step))
          problems.add("after", `step "${step}" does not exist in this pipeline`);
      }
      names.push(...steps);
    }
    return this.numbersOf(names);
  }

  /**
   * What a reference reads from, if its schema is known: the parameters, or the output of a job.
   *
   * @param result the schema of the result of one pass of the step
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

  /** Problems with the fields that an expression reads although they can't exist. */
  private fieldProblems(expression: Expression, result?: z.ZodType): string[] {
    return referencesIn(expression).flatMap((reference) => {
      const target = this.targetOf(reference, result);
      if (target === undefined) return [];
      const missing = fieldMissing(target.schema, target.path);
      return missing === undefined ? [] : [`${target.name} has no field "${missing}"`];
    });
  }

  private checkIsList(over: Json, problems: StepProblems): void {
    if (Array.isArray(over)) return;
    const [reference] = typeof over === "object" ? referencesIn(over) : [];
    if (reference === undefined)
      return void problems.add("over", `maps over ${JSON.stringify(over)}, which is not a list`);
    if (typeof over === "object" && over !== null && "$flatten" in over) return;
    const target = this.targetOf(reference);
    if (target && fieldMissing(target.schema, [...target.path, 0]) === 0) {
      problems.add("over", "maps over something that is not a list");
    }
  }
}
