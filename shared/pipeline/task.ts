import type * as z from "zod";
import type { AnyJob, Job, Resources } from "./job.ts";
import type { Json } from "./json.ts";
import { type Mistaken, mistakesIn } from "./known-options.ts";
import type { Pipeline } from "./pipeline.ts";
import { type Input, type Ref, type Resolved, refTo } from "./ref.ts";
import type { StepContext, StepFunction } from "./step-function.ts";

declare const resultOf: unique symbol;

/** What a step executes, and the type of its result. */
export type Task<T> = (LambdaTask | BatchTask | ChildTask | WaitTask | ObjectTask | ApprovalTask) &
  Mistaken & {
    readonly [resultOf]?: T;
  };

/** How often a task is repeated, and the condition on its result that ends it. */
export type Repetition = { readonly until: Ref<boolean>; readonly limit: number; readonly delay: number };

type LambdaTask = {
  readonly kind: "lambda";
  readonly input: unknown;
  readonly run: StepFunction;
  readonly repeat?: Repetition;
};
type BatchTask = {
  readonly kind: "batch";
  readonly job: AnyJob;
  readonly input: unknown;
  readonly resources: Partial<Resources>;
  readonly repeat?: Repetition;
};
type ChildTask = { readonly kind: "child"; readonly pipeline: Pipeline; readonly input: unknown };
type WaitTask = { readonly kind: "wait"; readonly input: unknown };
type ObjectTask = { readonly kind: "object"; readonly input: unknown; readonly deadline: number };
type ApprovalTask = {
  readonly kind: "approval";
  readonly input: unknown;
  readonly deadline: number;
  readonly byDefault?: "approve" | "reject";
};

/** The object that a step waited for. */
export type ArrivedObject = { uri: string; bytes: number; versionId?: string };

/** A person's yes. A no makes the step fail. */
export type Approval = { by: string; at: string; comment?: string };

/**
 * A TypeScript function that runs in the step worker. Its result is JSON.
 *
 * @example
 * ```ts
 * step(
 *   "report",
 *   lambda({ r2: model.r2 }, async ({ r2 }, { artifacts, log }) => {
 *     log.info("trained", { r2 });
 *     return artifacts.write("r2.txt", String(r2), "text/plain");
 *   }),
 * );
 * ```
 */
export function lambda<const I, O>(
  input: I,
  run: (input: Resolved<I>, context: StepContext) => O | Promise<O>,
): LambdaTask & Task<Awaited<O>> {
  // Types are checked here, where input and function meet; a worker later calls the function with the resolved input.
  return { kind: "lambda", input, run: run as unknown as StepFunction };
}

/**
 * A job on AWS Batch. `resources` override the contract's for this step.
 *
 * @example
 * ```ts
 * const model = step(
 *   "train_large",
 *   batch(sales.train, { month: params.month, alpha: 1 }, { memory: [4096, 8192] }),
 * );
 * ```
 */
export function batch<I extends z.ZodType, O extends z.ZodType>(
  job: Job<I, O>,
  input: Input<z.input<I>>,
  resources: Partial<Resources> = {},
): BatchTask & Task<z.output<O>> {
  return { kind: "batch", job, input, resources };
}

/**
 * A run of another pipeline. The result is the return value of that pipeline's definition. A cancel of the parent ends
 * the child run, and a failure of the child run fails the step. A retry opens the same run again.
 *
 * @example
 * ```ts
 * const bytes = step("score", child(scoring, { model: model.file }));
 * ```
 */
export function child<P extends z.ZodType<Json>, R>(
  pipeline: Pipeline<P, R>,
  params: Input<z.input<P>>,
): Task<R> {
  return { kind: "child", pipeline, input: params };
}

/**
 * Waits for a number of `seconds`, until a time (ISO 8601) that may already have passed, or at most `deadline` seconds
 * until an object exists (a key under `raw/` of the data bucket). The result is the time waited for, or the object.
 *
 * @example
 * ```ts
 * step("hold", wait({ seconds: 600 }));
 * const file = step("file", wait({ object: text`raw/sales/${params.month}.csv`, deadline: 3600 }));
 * ```
 */
export function wait(what: { object: Input<string>; deadline: number }): Task<ArrivedObject>;
export function wait(what: { seconds: Input<number> } | { until: Input<string> }): Task<string>;
export function wait(
  what: { seconds: Input<number> } | { until: Input<string> } | { object: Input<string>; deadline: number },
): Task<ArrivedObject> | Task<string> {
  const mistakes = mistakesIn(
    what,
    "object" in what ? { object: true, deadline: true } : { seconds: true, until: true },
  );
  if (!("object" in what)) return { kind: "wait", input: what, ...mistakes };
  return { kind: "object", input: { object: what.object }, deadline: what.deadline, ...mistakes };
}

/**
 * Asks a person for a yes or no, for at most `deadline` seconds. `byDefault` is the answer after that; without it, the
 * step is timed out. A no makes the step fail. People answer with `manage` or the command line.
 *
 * @example
 * ```ts
 * const ok = step("sign_off", approval({ message: "Deploy it?", deadline: 86_400, byDefault: "reject" }));
 * step("deploy", lambda({}, deploy), { after: [ok] });
 * ```
 */
export function approval(options: {
  deadline: number;
  message?: Input<string>;
  byDefault?: "approve" | "reject";
}): Task<Approval> {
  const { deadline, message = "", byDefault } = options;
  const mistakes = mistakesIn(options, { deadline: true, message: true, byDefault: true });
  return {
    kind: "approval",
    input: { message },
    deadline,
    ...(byDefault !== undefined && { byDefault }),
    ...mistakes,
  };
}

/**
 * Repeats a function or a job until a condition on its result holds, at most `limit` times, with `delay` seconds
 * (default 0) between two passes. The last result becomes the step's result. If no pass meets the condition, the step
 * fails.
 *
 * @example
 * ```ts
 * step(
 *   "until_ready",
 *   repeat(lambda({}, askService), { until: ({ ready }) => eq(ready, true), limit: 20, delay: 30 }),
 * );
 * ```
 */
export function repeat<T>(
  task: (LambdaTask | BatchTask) & Task<T>,
  options: { until: (result: Ref<T>) => Ref<boolean>; limit: number; delay?: number },
): Task<T> {
  const { until, limit, delay = 0 } = options;
  const mistakes = mistakesIn(options, { until: true, limit: true, delay: true });
  return { ...task, repeat: { until: until(refTo.result<T>()), limit, delay }, ...mistakes };
}
