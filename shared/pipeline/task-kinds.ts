import * as z from "zod";
import type { StepNode, StepSize, TaskKind } from "./graph.ts";
import { type AnyJob, maxFunctionSeconds, type Resources, resources as resourcesSchema } from "./job.ts";
import type { Pipeline } from "./pipeline.ts";
import type { StepFunction } from "./step-function.ts";
import type { StepProblems } from "./step-problems.ts";
import type { Task } from "./task.ts";

/** A task of one kind, as a definition has it. */
type Defined<K extends TaskKind> = Extract<Task<unknown>, { kind: K }>;

/** A task of one kind, as a graph has it. */
export type TaskOf<K extends TaskKind> = Extract<StepNode["task"], { kind: K }>;

/** Options that only some kinds of tasks can have. */
export type TaskOption = "retries" | "cache" | "size";

/** The part of a task that isn't data: the pipeline keeps it next to its graph. */
type TaskCode = {
  readonly run?: StepFunction;
  readonly job?: AnyJob;
  readonly pipeline?: Pipeline;
};

/** Who does the work: a worker calls a function, a job does it on Batch, or the step waits for something else. */
export type DoneBy = "worker" | "job" | "others";

/**
 * Everything that differs between kinds of tasks before a run: how a task is defined, and how it looks. To add a step
 * kind, follow the recipe in CONTRIBUTING.md.
 */
type TaskRules<K extends TaskKind> = {
  readonly doneBy: DoneBy;
  /** The data that the graph keeps of a task. */
  readonly inGraph: (task: Defined<K>, problems: StepProblems) => TaskOf<K>;
  readonly code: (task: Defined<K>) => TaskCode;
  /** For each option: true if the task may have it, otherwise the reason why not. */
  readonly allows: Readonly<Record<TaskOption, true | string>>;
  /** Seconds that one attempt may take. @param given the timeout in the step's options */
  readonly timeout: (task: Defined<K>, given: number | undefined, problems: StepProblems) => number;
  /** What the task does, as people read it in a picture. */
  readonly text: (task: TaskOf<K>, size: StepSize | undefined) => string;
  /** The task's Mermaid shape around a label. */
  readonly shape: (label: string) => string;
};

/** Maximum seconds that a function may run: the part of the step worker's own timeout that is left for it. */
export const maxLambdaTimeout = 100;

/** The timeout of tasks that have none of their own: longer than anybody waits. */
const yearSeconds = 366 * 24 * 3600;

function functionTimeout(seconds: number, problems: StepProblems): number {
  if (seconds > 0 && seconds <= maxLambdaTimeout) return seconds;
  const limit = `a function may take up to ${maxLambdaTimeout} seconds`;
  problems.add("timeout", `is ${seconds}; ${limit}: longer work is a batch job`);
  return 60;
}

function jobTimeout(seconds: number, onLambda: boolean, problems: StepProblems): number {
  if (onLambda && seconds > maxFunctionSeconds) {
    problems.add("timeout", `is ${seconds}; a job on Lambda may take up to ${maxFunctionSeconds} seconds`);
    return maxFunctionSeconds;
  }
  if (seconds >= 60 && seconds <= 14 * 24 * 3600) return seconds;
  problems.add("timeout", `is ${seconds}; AWS Batch takes 60 seconds to 14 days`);
  return 3600;
}

/** The timeout of a task that waits until its deadline. */
function deadlineOf(kind: string) {
  return ({ deadline }: { deadline: number }, given: number | undefined, problems: StepProblems): number => {
    if (given !== undefined) problems.add("timeout", `is not for ${kind}; use deadline instead`);
    if (deadline > 0 && deadline <= yearSeconds) return deadline;
    problems.add("deadline", `is ${deadline}; it is a number of seconds above 0, at most a year`);
    return yearSeconds;
  };
}

/** The timeout of a task without a time of its own. */
function noTimeout(kind: string) {
  return (_task: unknown, given: number | undefined, problems: StepProblems): number => {
    if (given !== undefined) {
      problems.add("timeout", `is not for ${kind}; set the timeout of the pipeline instead`);
    }
    return yearSeconds;
  };
}

const noCode = () => ({});
const noCache = (kind: string) => `is for functions and jobs; this is ${kind}`;
const noSize = (kind: string) => `is for functions; this is ${kind}`;
const noRetries = "is for functions, jobs and runs of other pipelines; this one waits, by its deadline";
const onlyWaits = (kind: string) => ({ retries: noRetries, cache: noCache(kind), size: noSize(kind) });
const hexagon = (label: string) => `{{${label}}}`;

/** How people read where a job runs. */
const jobKinds: Readonly<Record<NonNullable<Resources["runs"]>, string>> = {
  batch: "Batch job",
  lambda: "Lambda job",
  auto: "Lambda or Batch job",
};

/** Everything that a new kind of task must define here; CONTRIBUTING.md lists the other places. */
const taskRules: { readonly [K in TaskKind]: TaskRules<K> } = {
  lambda: {
    doneBy: "worker",
    inGraph: ({ kind }) => ({ kind }),
    code: ({ run }) => ({ run }),
    allows: { retries: true, cache: true, size: true },
    timeout: (_task, given = 60, problems) => functionTimeout(given, problems),
    text: (_task, size) => (size === undefined ? "function" : `${size} function`),
    shape: (label) => `(${label})`,
  },
  batch: {
    doneBy: "job",
    inGraph: ({ kind, job, resources }, problems) => {
      const merged = resourcesSchema.safeParse({ ...job.resources, ...resources });
      if (!merged.success) problems.add("resources", z.prettifyError(merged.error));
      const isOnBatch = ({ runs = "batch" }: Partial<Resources>) => runs === "batch";
      if (!isOnBatch(resources) && isOnBatch(job.resources))
        // A family has a function only if a contract says so: packaging doesn't look at pipelines for that.
        problems.add("runs", `is "${resources.runs}": say runs: "auto" in defineJob("${job.name}", …) first`);
      return { kind, job: job.name, resources: merged.data ?? job.resources };
    },
    code: ({ job }) => ({ job }),
    allows: {
      retries: true,
      cache: true,
      size: "is for functions; a job says its memory: batch(job, input, { memory: 4096 })",
    },
    timeout: ({ job, resources }, given, problems) => {
      const { runs, timeoutSeconds } = { ...job.resources, ...resources };
      return jobTimeout(given ?? timeoutSeconds, runs === "lambda", problems);
    },
    text: ({ job, resources: { runs = "batch" } }) => `${jobKinds[runs]} ${job}`,
    shape: (label) => `[${label}]`,
  },
  child: {
    doneBy: "others",
    inGraph: ({ kind, pipeline }) => ({ kind, pipeline: pipeline.name }),
    code: ({ pipeline }) => ({ pipeline }),
    allows: { retries: true, cache: noCache("a child"), size: noSize("a child") },
    timeout: noTimeout("a child"),
    text: ({ pipeline }) => `run of ${pipeline}`,
    shape: (label) => `[[${label}]]`,
  },
  wait: {
    doneBy: "others",
    inGraph: ({ kind }) => ({ kind }),
    code: noCode,
    allows: onlyWaits("a wait"),
    timeout: noTimeout("a wait"),
    text: () => "wait",
    shape: hexagon,
  },
  object: {
    doneBy: "others",
    inGraph: ({ kind }) => ({ kind }),
    code: noCode,
    allows: onlyWaits("an object"),
    timeout: deadlineOf("an object"),
    text: () => "wait for an object",
    shape: hexagon,
  },
  approval: {
    doneBy: "others",
    inGraph: ({ kind, byDefault }) => ({ kind, ...(byDefault !== undefined && { byDefault }) }),
    code: noCode,
    allows: onlyWaits("an approval"),
    timeout: deadlineOf("an approval"),
    text: () => "approval",
    shape: hexagon,
  },
};

/** Everything that is specific to one kind of task. */
export function rulesOf<K extends TaskKind>(kind: K): TaskRules<K> {
  return taskRules[kind];
}

/** Who does the work of a task. */
export function doneBy({ kind }: StepNode["task"]): DoneBy {
  return taskRules[kind].doneBy;
}

/** What a step does, as people read it in a picture. */
export function taskText({ task, size }: Pick<StepNode, "task" | "size">): string {
  return rulesOf(task.kind).text(task, size);
}
