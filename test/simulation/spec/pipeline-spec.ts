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
};

/** What a step does, by kind. */
export type WorkSpec = PureWork;
export type WorkKind = WorkSpec["kind"];

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
  readonly retries: RetriesSpec;
  /** Seconds. */
  readonly timeout?: number;
};

/** A pipeline as plain JSON: it can be printed, made smaller, and turned into a definition. */
export type PipelineSpec = { readonly steps: readonly StepSpec[] };

/** Steps whose data a step needs. */
export function needsOf({ uses, over, when }: StepSpec): string[] {
  const listed =
    over === undefined || over.form === "literal" ? [] : over.form === "flatten" ? over.steps : [over.step];
  return [...uses, ...listed, ...(when === undefined ? [] : [when.step])];
}

/** Stands for failing for ever. */
export const always = 99;

/** How often a child's work fails before it works, in an epoch. */
export function failuresOf(failing: Failing | undefined, index: number, epoch: number): number {
  if (failing === undefined || epoch >= (failing.healed ?? Number.POSITIVE_INFINITY)) return 0;
  return index % (failing.every ?? 1) === 0 ? failing.times : 0;
}
