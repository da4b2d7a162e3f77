import type * as z from "zod";
import type { AnyJob, Job, Resources } from "./job.ts";
import type { Json } from "./json.ts";
import { type Mistaken, mistakesIn } from "./known-options.ts";
import type { Pipeline } from "./pipeline.ts";
import { type Input, type Ref, type Resolved, refTo } from "./ref.ts";
import type { StepContext, StepFunction } from "./step-function.ts";

declare const resultOf: unique symbol;

/** What a step runs, and the type of its result. */
export type Task<T> = (LambdaTask | BatchTask | ChildTask | WaitTask | ObjectTask | ApprovalTask) &
  Mistaken & {
    readonly [resultOf]?: T;
  };

/** How often a task is done, and until what of its result holds. */
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

/** An object that was waited for. */
export type ArrivedObject = { uri: string; bytes: number; versionId?: string };

/** A person's yes. A no ends the step as failed. */
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
  // Types are checked here, where input and function meet; a worker later calls it with the resolved input.
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
 * A run of another pipeline, with what that pipeline's definition returns as the result. It ends with its parent's
 * cancel, and fails the step when it fails; a retry opens the same run again.
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
 * Waits: for so many `seconds`, until a time (ISO 8601) that may have passed already, or for an object (a key under
 * `raw/` of the data bucket) to be there, at most `deadline` seconds. The result is the time waited for, or the object.
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
 * Asks a person for a yes or no, at most `deadline` seconds; `byDefault` says what holds then, and without it the step
 * is timed out. A no fails the step. Answer by `manage` or the command line.
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
 * Does a function or a job over and over until a condition on its result holds, at most `limit` times, with `delay`
 * seconds (default 0) between two passes. The last result is the step's; when no pass meets the condition, it fails.
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
