import type { TaskKind } from "../../../shared/pipeline/graph.ts";

/** How a step's work fails. This depends only on its input. */
export type Failing = {
  /** How many failures count before it works; 99 means it never works. */
  readonly times: number;
  /** An ordinary error, an error that no retry helps, or one that says when to try again. */
  readonly how: "error" | "fatal" | "after";
  /** If the step is mapped, only every nth child fails. */
  readonly every?: number;
  /** The epoch from which it works at once, because a person fixed it before the retry. */
  readonly healed?: number;
};

/** Work whose result is a pure function of its input. */
export type PureWork = {
  readonly kind: "lambda" | "batch";
  /** Length of the list that the result holds. */
  readonly list: number;
  /** Whether the result is too large to be stored in the record. */
  readonly big?: boolean;
  readonly failing?: Failing;
  /** How many Spot machines a job may lose before it gets an on-demand one. The default is that of its contract. */
  readonly spotMachines?: number;
  /** Whether a job runs as a Lambda function. */
  readonly asFunction?: true;
  /** Max. number of passes until the result's flag is up. */
  readonly passes?: number;
};

/** Waits for some seconds, or until a time given in seconds after the start of the simulation. */
export type WaitWork = {
  readonly kind: "wait";
  readonly seconds: number;
  readonly form: "seconds" | "until";
};

/**
 * Asks a person, who says yes or no, or nothing. Without an answer the default holds; without a default the step fails.
 */
export type ApprovalWork = {
  readonly kind: "approval";
  readonly answer: "yes" | "no" | "none";
  readonly byDefault?: "approve" | "reject";
};

/** Waits for an object that lands this many seconds after the start of the simulation, or never lands. */
export type ObjectWork = { readonly kind: "object"; readonly lands?: number };

/** A run of another pipeline. The result of its last step becomes the step's result. */
export type ChildWork = { readonly kind: "child"; readonly pipeline: PipelineSpec };

/** What a step does, by kind. */
export type WorkSpec = PureWork | WaitWork | ApprovalWork | ObjectWork | ChildWork;

/**
 * The work of a kind of task. A kind that the simulation doesn't know is a type error here and in each table of kinds.
 */
export type WorkOf<K extends TaskKind> = K extends PureWork["kind"]
  ? PureWork & { readonly kind: K }
  : Extract<WorkSpec, { kind: K }>;

/** Whether the work's result follows from its input, the work only waits, or it's another run. */
const natures: Readonly<Record<TaskKind, "pure" | "waiting" | "run">> = {
  lambda: "pure",
  batch: "pure",
  wait: "waiting",
  object: "waiting",
  approval: "waiting",
  child: "run",
};

/** Whether work is a function or a job, whose result follows from its input. */
export function isPure(work: WorkSpec): work is PureWork {
  return natures[work.kind] === "pure";
}

/** Whether nobody does the work: the step waits for a time, an object or a person. */
export function isWaiting({ kind }: WorkSpec): boolean {
  return natures[kind] === "waiting";
}

/** The key of the object that a step waits for. */
export const objectKey = (step: string) => `raw/${step}.csv`;

/** The key of the object that starts runs of a pipeline. */
export const startKey = (pipeline: string) => `raw/start/${pipeline}.csv`;

/** The list that a mapped step runs over. */
export type OverSpec =
  /** A list within a step's result, or the results of a mapped step. */
  | { readonly form: "list" | "children"; readonly step: string }
  | { readonly form: "literal"; readonly size: number }
  /** The lists within steps' results, as one list. A mapped step's list consists of its children's results. */
  | { readonly form: "flatten"; readonly steps: readonly string[] };

/** The condition on a step's result. */
export type WhenSpec = {
  readonly step: string;
  readonly test: "flag" | "not flag" | "above" | "either";
  readonly bound: number;
};

export type RetriesSpec = {
  readonly limit: number;
  readonly delay?: number | number[] | { base: number; factor: number; max: number };
  /** Names of the errors that are retried; the default is all. */
  readonly on?: string[];
};

/** One step, as data. */
export type StepSpec = {
  readonly name: string;
  readonly work: WorkSpec;
  /** Steps whose complete results are part of the input. */
  readonly uses: readonly string[];
  readonly after: readonly string[];
  readonly over?: OverSpec;
  readonly when?: WhenSpec;
  readonly rule?: "all_done" | "any_failed" | "any_succeeded";
  /** Takes null for results that earlier steps don't have. */
  readonly optional?: boolean;
  readonly cache?: boolean;
  /** The size of the worker that runs a function; the default is small. */
  readonly size?: "large";
  readonly retries: RetriesSpec;
  /** Seconds. */
  readonly timeout?: number;
};

/** A backfill of the pipeline over days before the simulation's start, and when people request what, in seconds. */
export type BackfillSpec = {
  /** Its days: the first one, counted back from the start, and how many there are. */
  readonly daysBack: number;
  readonly days: number;
  readonly concurrency: number;
  readonly asked: number;
  readonly cancelled?: number;
  readonly resumed?: number;
};

/** A pipeline as plain JSON: it can be printed, made smaller, and turned into a definition. */
export type PipelineSpec = {
  readonly steps: readonly StepSpec[];
  /** Whether something follows the run's end. */
  readonly hooks?: boolean;
  /** Whether each successful run starts a run of another pipeline. */
  readonly followed?: boolean;
  /** How many runs are asked for; the default is one. */
  readonly runs?: number;
  readonly maxActiveRuns?: number;
  /** Whether a run beyond a limit is cancelled instead of waiting. */
  readonly cancelsNew?: boolean;
  /** Limit of the work queue that it shares with the pipelines of its child steps. */
  readonly queue?: number;
  /** Seconds that a run may take. */
  readonly timeout?: number;
  /** Priorities of its runs, in the order of the requests; the others have the default. */
  readonly priorities?: readonly number[];
  readonly backfills?: readonly BackfillSpec[];
  /** The scheduled time of its runs, in seconds after the start of the simulation. */
  readonly startsIn?: number;
};

/** A step that is a function or a job. */
export type PureStepSpec = StepSpec & { readonly work: PureWork };

/** A pipeline of functions and jobs. */
export type PurePipelineSpec = { readonly steps: readonly PureStepSpec[] };

/** Steps whose data a step needs. */
export function needsOf({ uses: used, optional, over, when }: StepSpec): string[] {
  const uses = optional === true ? [] : used;
  const listed =
    over === undefined || over.form === "literal" ? [] : over.form === "flatten" ? over.steps : [over.step];
  return [...uses, ...listed, ...(when === undefined ? [] : [when.step])];
}

/** Means that it always fails. */
export const always = 99;

/** Name of the pipeline that a child step runs. */
export const childName = (parent: string, step: string) => `${parent}-${step}`;

/** Name of the pipeline that runs when another one succeeds. */
export const followerName = (pipeline: string) => `${pipeline}-follower`;

/** Pipelines by name: a spec, and those of its child steps. */
export function specsByName(name: string, spec: PipelineSpec): [string, PipelineSpec][] {
  const children = spec.steps.flatMap(({ name: step, work }) =>
    work.kind === "child" ? specsByName(childName(name, step), work.pipeline) : [],
  );
  return [[name, spec], ...children];
}

/** How often a child's work fails in an epoch before it works. */
export function failuresOf(failing: Failing | undefined, index: number, epoch: number): number {
  if (failing === undefined || epoch >= (failing.healed ?? Number.POSITIVE_INFINITY)) return 0;
  return index % (failing.every ?? 1) === 0 ? failing.times : 0;
}
