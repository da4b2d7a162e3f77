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

/** Reports an option that is not for tasks of this kind. */
function checkAllowed(task: Task<unknown>, option: TaskOption, problems: StepProblems): void {
  const allowed = rulesOf(task.kind).allows[option];
  if (allowed !== true) problems.add(option, allowed);
}

/** How often a step is tried, and when; once where nothing is said. */
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

/** How a repeated step is done over and over. */
export function repeatOf(
  repeat: { until: Json; limit: number; delay: number },
  problems: StepProblems,
): NonNullable<StepNode["repeat"]> {
  const parsed = repeatPolicy.safeParse(repeat);
  if (parsed.success) return parsed.data;
  problems.add("repeat", z.prettifyError(parsed.error));
  return { until: true, limit: 1, delay: 0 };
}

/** For how long a step's result is kept, and for which version of its code. */
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

/** A step's tags in order; none where one of them is wrong. */
export function tagsOf(given: readonly string[], problems: StepProblems): string[] {
  const found = tagProblems(stepTags, given);
  for (const { field, problem } of found) problems.add(field, problem);
  return found.length === 0 ? tagsInOrder(given) : [];
}
