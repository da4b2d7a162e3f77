import * as z from "zod";
import {
  cachePolicy,
  repeatPolicy,
  type StepNode,
  type StepSize,
  stepSize,
  type TriggerRule,
} from "./graph.ts";
import type { Json } from "./json.ts";
import type { OptionNames } from "./known-options.ts";
import type { Ref } from "./ref.ts";
import { type RetryPolicy, retryPolicy } from "./retry-policy.ts";
import type { StepProblems } from "./step-problems.ts";
import { stepTags, tagProblems, tagsInOrder } from "./tag.ts";
import type { Task } from "./task.ts";
import { rulesOf, type TaskOption } from "./task-kinds.ts";

/** Lets a result be kept and reused. `expires` is in seconds; `version` is the author's version of the code. */
export type CacheOptions = true | { expires?: number; version?: string };

/** Options of a step. */
export type StepOptions = {
  /** Steps that must end first, although their data isn't used. */
  after?: readonly Ref<unknown>[];
  /** The step runs when this is true and is skipped when it is false. */
  when?: Ref<boolean>;
  /**
   * How the upstream steps must end so that this step runs, once all of them have ended; `all_succeeded` if omitted.
   */
  rule?: TriggerRule;
  /** How often a failed step is retried (default 0), or a policy with how often, when and after which errors. */
  retries?: number | z.input<typeof retryPolicy>;
  /** Seconds that one attempt may take. The default is 60 for a function, and the contract's timeout for a job. */
  timeout?: number;
  /** Uses an earlier result of the same code for the same input, from any run. */
  cache?: CacheOptions;
  /** `large`: the function runs in a worker with more memory that it doesn't share. */
  size?: StepSize;
  /** Tags on the step's log lines and its jobs on AWS, for filtering and for sharing out costs. */
  tags?: readonly string[];
};

/** Names of all options of a step. */
export const stepOptionNames: OptionNames<StepOptions> = {
  after: true,
  when: true,
  rule: true,
  retries: true,
  timeout: true,
  cache: true,
  size: true,
  tags: true,
};

/** Reports an option that tasks of this kind can't have. */
function checkAllowed(task: Task<unknown>, option: TaskOption, problems: StepProblems): void {
  const allowed = rulesOf(task.kind).allows[option];
  if (allowed !== true) problems.add(option, allowed);
}

/** How often and when a step is tried; once if nothing is given. */
export function retriesOf(
  task: Task<unknown>,
  retries: StepOptions["retries"],
  problems: StepProblems,
): RetryPolicy {
  if (retries !== undefined) checkAllowed(task, "retries", problems);
  const parsed = retryPolicy.safeParse(typeof retries === "object" ? retries : { limit: retries ?? 0 });
  if (parsed.success) return parsed.data;
  problems.add("retries", z.prettifyError(parsed.error));
  return retryPolicy.parse({ limit: 0 });
}

/** How a repeated step is repeated. */
export function repeatOf(
  repeat: { until: Json; limit: number; delay: number },
  problems: StepProblems,
): NonNullable<StepNode["repeat"]> {
  const parsed = repeatPolicy.safeParse(repeat);
  if (parsed.success) return parsed.data;
  problems.add("repeat", z.prettifyError(parsed.error));
  return { until: true, limit: 1, delay: 0 };
}

/** How long a step's result is kept, and for which version of its code. */
export function cacheOf(
  task: Task<unknown>,
  options: CacheOptions,
  problems: StepProblems,
): NonNullable<StepNode["cache"]> {
  checkAllowed(task, "cache", problems);
  if ("repeat" in task && task.repeat !== undefined) {
    problems.add("cache", "is not for a repeated task: its result depends on more than its input");
  }
  const parsed = cachePolicy.safeParse({ version: "", ...(options === true ? {} : options) });
  if (parsed.success) return parsed.data;
  problems.add("cache", z.prettifyError(parsed.error));
  return { version: "" };
}

/** The size of the worker that a step's function runs in. */
export function sizeOf(task: Task<unknown>, size: StepSize, problems: StepProblems): StepSize {
  checkAllowed(task, "size", problems);
  if (!stepSize.safeParse(size).success) {
    problems.add("size", `is ${JSON.stringify(size)}; it is "large", or left out for the ordinary worker`);
  }
  return "large";
}

/** A step's tags in order; none if one of them is invalid. */
export function tagsOf(given: readonly string[], problems: StepProblems): string[] {
  const found = tagProblems(stepTags, given);
  for (const { field, problem } of found) problems.add(field, problem);
  return found.length === 0 ? tagsInOrder(given) : [];
}
