import type { TaskKind } from "../../../shared/pipeline/graph.ts";

/** How the work of a step fails, as seen from its input alone. */
export type Failing = {
  /** Failures that count before it works; 99 stands for ever. */
  readonly times: number;
  /** An error, one that no retry helps, or one that says when to try again. */
  readonly how: "error" | "fatal" | "after";
  /** Of a mapped step only each so-manieth child fails. */
  readonly every?: number;
  /** The epoch from which on it works at once: what a person mended before the retry. */
  readonly healed?: number;
};

/** Work whose result is a pure function of its input. */
export type PureWork = {
  readonly kind: "lambda" | "batch";
  /** Length of the list that the result holds. */
  readonly list: number;
  /** Whether the result is too large to be stored in place. */
  readonly big?: boolean;
  readonly failing?: Failing;
  /** Spot machines that a job may lose before it gets one on demand; as its contract says when left out. */
  readonly spotMachines?: number;
  /** Passes at most, until the result's flag is up. */
  readonly passes?: number;
};

/** Waits for some seconds, or until a time: seconds after the start of the simulation. */
export type WaitWork = {
  readonly kind: "wait";
  readonly seconds: number;
  readonly form: "seconds" | "until";
};

/** Asks a person, who says yes or no, or nothing; then the default holds, or the step has failed. */
export type ApprovalWork = {
  readonly kind: "approval";
  readonly answer: "yes" | "no" | "none";
  readonly byDefault?: "approve" | "reject";
};

/** Waits for an object: one that lands so many seconds after the start of the simulation, or never does. */
export type ObjectWork = { readonly kind: "object"; readonly lands?: number };

/** A run of another pipeline, whose last step's result is the step's. */
export type ChildWork = { readonly kind: "child"; readonly pipeline: PipelineSpec };

/** What a step does, by kind. */
export type WorkSpec = PureWork | WaitWork | ApprovalWork | ObjectWork | ChildWork;

/** The work of a kind of task. A kind that the simulation does not know is a mistake here and in each table of kinds. */
export type WorkOf<K extends TaskKind> = K extends PureWork["kind"]
  ? PureWork & { readonly kind: K }
  : Extract<WorkSpec, { kind: K }>;

/** Whether the result of work follows from its input, it only waits, or it is another run. */
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

/** Whether work is done by nobody: the step waits for a time, an object or a person. */
export function isWaiting({ kind }: WorkSpec): boolean {
  return natures[kind] === "waiting";
}

/** Key of the object that a step waits for. */
export const objectKey = (step: string) => `raw/${step}.csv`;

/** The list that a mapped step runs over. */
export type OverSpec =
  /** The list within a step's result, or a mapped step's results themselves. */
  | { readonly form: "list" | "children"; readonly step: string }
  | { readonly form: "literal"; readonly size: number }
  | { readonly form: "flatten"; readonly steps: readonly string[] };

/** On which of a step's results a condition holds. */
export type WhenSpec = {
  readonly step: string;
  readonly test: "flag" | "not flag" | "above" | "either";
  readonly bound: number;
};

export type RetriesSpec = {
  readonly limit: number;
  readonly delay?: number | number[] | { base: number; factor: number; max: number };
  /** Names of the errors that are tried again; all when left out. */
  readonly on?: string[];
};

/** One step, as data. */
export type StepSpec = {
  readonly name: string;
  readonly work: WorkSpec;
  /** Steps whose whole results are part of the input. */
  readonly uses: readonly string[];
  readonly after: readonly string[];
  readonly over?: OverSpec;
  readonly when?: WhenSpec;
  readonly rule?: "all_done" | "any_failed" | "any_succeeded";
  /** Takes null for results that the steps before it do not have. */
  readonly optional?: boolean;
  readonly cache?: boolean;
  /** Of the worker that a function runs in; small when left out. */
  readonly size?: "large";
  readonly retries: RetriesSpec;
  /** Seconds. */
  readonly timeout?: number;
};

/** A pipeline as plain JSON: it can be printed, made smaller, and turned into a definition. */
export type PipelineSpec = {
  readonly steps: readonly StepSpec[];
  /** Whether something follows the run's end. */
  readonly hooks?: boolean;
  /** Whether a run of another pipeline follows each of its runs that succeeded. */
  readonly followed?: boolean;
  /** Runs of it that are asked for; one when left out. */
  readonly runs?: number;
  readonly maxActiveRuns?: number;
  /** Whether a run beyond a limit is cancelled, and does not wait. */
  readonly cancelsNew?: boolean;
  /** Limit of the work queue that it shares with the pipelines of its child steps. */
  readonly queue?: number;
  /** Seconds that a run may take. */
  readonly timeout?: number;
  /** Seconds after the start of the simulation that runs are for. */
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

/** Stands for failing for ever. */
export const always = 99;

/** Name of the pipeline that a child step runs. */
export const childName = (parent: string, step: string) => `${parent}-${step}`;

/** Name of the pipeline that follows the successes of another. */
export const followerName = (pipeline: string) => `${pipeline}-follower`;

/** Pipelines by name: a spec, and those of its child steps. */
export function specsByName(name: string, spec: PipelineSpec): [string, PipelineSpec][] {
  const children = spec.steps.flatMap(({ name: step, work }) =>
    work.kind === "child" ? specsByName(childName(name, step), work.pipeline) : [],
  );
  return [[name, spec], ...children];
}

/** How often a child's work fails before it works, in an epoch. */
export function failuresOf(failing: Failing | undefined, index: number, epoch: number): number {
  if (failing === undefined || epoch >= (failing.healed ?? Number.POSITIVE_INFINITY)) return 0;
  return index % (failing.every ?? 1) === 0 ? failing.times : 0;
}
