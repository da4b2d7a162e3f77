import type { TaskKind } from "../../../shared/pipeline/graph.ts";
import type { Json } from "../../../shared/pipeline/index.ts";
import { needsOf, type PipelineSpec, type PureWork, type StepSpec, type WorkOf } from "./pipeline-spec.ts";
import { undisturbed, type WorkInput, type WorkOutput } from "./pure-work.ts";

/** The required outcome of a step, or of one child of a mapped step. */
export type Verdict =
  /** `any`: the result depends on the time or on a person. */
  | { readonly state: "SUCCEEDED"; readonly output: Json; readonly any?: true }
  | { readonly state: "FAILED" | "SKIPPED" | "UPSTREAM_FAILED" };

/** The required outcome of a run. */
export type Expectation = {
  readonly state: "SUCCEEDED" | "FAILED";
  readonly steps: ReadonlyMap<string, Verdict>;
  /** For each mapped step that ran, the outcome of its children, in order. */
  readonly children: ReadonlyMap<string, readonly Verdict[]>;
};

const failed: Verdict = { state: "FAILED" };

const succeeds: Verdict = { state: "SUCCEEDED", output: null, any: true };

/** Which step is evaluated, with which input, and in which epoch of its run. */
type Place = {
  readonly step: StepSpec;
  readonly index: number;
  readonly input: WorkInput;
  readonly epoch: number;
};
type VerdictOf<K extends TaskKind> = (work: WorkOf<K>, place: Place) => Verdict;

function pureVerdict(work: PureWork, { step: { retries, name }, index, input, epoch }: Place): Verdict {
  const output = undisturbed(work, retries, name, index, epoch, input);
  return output === undefined ? failed : { state: "SUCCEEDED", output };
}

const verdicts: { readonly [K in TaskKind]: VerdictOf<K> } = {
  lambda: pureVerdict,
  batch: pureVerdict,
  wait: () => succeeds,
  object: ({ lands }) => (lands === undefined ? failed : succeeds),
  approval: ({ answer, byDefault }) =>
    answer === "yes" || (answer === "none" && byDefault === "approve") ? succeeds : failed,
  child: ({ pipeline }, { epoch }) => resultOf(pipeline, epoch),
};

/** Evaluates one spec. It shares nothing with the engine: it's a plain recursion over the steps in their order. */
class Evaluation {
  readonly steps = new Map<string, Verdict>();
  readonly children = new Map<string, readonly Verdict[]>();
  private readonly epoch: number;
  private readonly forced: ReadonlySet<string>;

  constructor(epoch: number, forced: ReadonlySet<string>) {
    this.epoch = epoch;
    this.forced = forced;
  }

  /** The result of a step that succeeded. */
  private output(name: string): Json {
    const verdict = this.steps.get(name);
    if (verdict?.state !== "SUCCEEDED") throw new RangeError(`step ${name} has no result`);
    return verdict.output;
  }

  private holds({ when }: StepSpec): boolean {
    if (when === undefined) return true;
    const { v, flag } = this.output(when.step) as WorkOutput;
    if (when.test === "flag") return flag;
    if (when.test === "not flag") return !flag;
    return v > when.bound || (when.test === "either" && flag);
  }

  private items(over: NonNullable<StepSpec["over"]>): readonly Json[] {
    if (over.form === "literal") return Array.from({ length: over.size }, (_, place) => place);
    if (over.form === "flatten")
      return over.steps.flatMap((name) => {
        const output = this.output(name);
        return Array.isArray(output) ? output : (output as WorkOutput).list;
      });
    const output = this.output(over.step);
    return over.form === "children" ? (output as Json[]) : (output as WorkOutput).list;
  }

  private one(step: StepSpec, index: number, input: WorkInput): Verdict {
    const place = step.over === undefined ? step.name : `${step.name}[${index}]`;
    if (this.forced.has(place)) return failed;
    return this.work(step, index, input);
  }

  private work(step: StepSpec, index: number, input: WorkInput): Verdict {
    const verdict = verdicts[step.work.kind] as VerdictOf<TaskKind>;
    return verdict(step.work, { step, index, input, epoch: this.epoch });
  }

  /** What a step gets from another one: its result, or null if that is allowed. */
  private given(name: string, optional: boolean): Json {
    const verdict = this.steps.get(name);
    return optional && verdict?.state !== "SUCCEEDED" ? null : this.output(name);
  }

  private run(step: StepSpec): Verdict {
    const from = step.uses.map((name) => this.given(name, step.optional === true));
    if (step.over === undefined) return this.one(step, 0, { from });
    const results = this.items(step.over).map((item, index) => this.one(step, index, { from, item }));
    this.children.set(step.name, results);
    if (results.some(({ state }) => state === "FAILED")) return failed;
    return {
      state: "SUCCEEDED",
      output: results.map((each) => (each.state === "SUCCEEDED" ? each.output : null)),
      ...(results.some((each) => "any" in each) && { any: true }),
    };
  }

  evaluate(step: StepSpec): Verdict {
    const states = (names: readonly string[]) => names.map((name) => this.steps.get(name)?.state);
    const upstream = states([...step.uses, ...needsOf(step), ...step.after]);
    const anyFailed = upstream.some((state) => state === "FAILED" || state === "UPSTREAM_FAILED");
    const { rule } = step;
    if (rule === "any_failed" && !anyFailed) return { state: "SKIPPED" };
    const anySucceeded = rule === "any_succeeded" && upstream.includes("SUCCEEDED");
    if (rule !== "all_done" && rule !== "any_failed" && !anySucceeded) {
      if (anyFailed) return { state: "UPSTREAM_FAILED" };
      if (rule === "any_succeeded" || states(needsOf(step)).includes("SKIPPED")) return { state: "SKIPPED" };
    }
    if (this.forced.has(step.name)) return failed;
    return this.holds(step) ? this.run(step) : { state: "SKIPPED" };
  }
}

/**
 * The required outcome of a run if no person interferes.
 *
 * @param epoch a later epoch may have fixed steps
 * @param forced steps, or children as `step[3]`, that fail because more faults hit them than the engine tolerates
 */
export function expectationOf(
  spec: PipelineSpec,
  epoch: number,
  forced: ReadonlySet<string> = new Set(),
): Expectation {
  const evaluation = new Evaluation(epoch, forced);
  for (const step of spec.steps) evaluation.steps.set(step.name, evaluation.evaluate(step));
  const { steps, children } = evaluation;
  const anyFailed = [...steps.values()].some(({ state }) => state === "FAILED");
  return { state: anyFailed ? "FAILED" : "SUCCEEDED", steps, children };
}

/**
 * The required outcome of a step that runs a spec as its child. If the run's last step was skipped, the run has no
 * result to give.
 */
export function resultOf(spec: PipelineSpec, epoch: number): Verdict {
  const { state, steps } = expectationOf(spec, epoch);
  const last = steps.get(spec.steps.at(-1)?.name ?? "");
  return state === "SUCCEEDED" && last?.state === "SUCCEEDED" ? last : failed;
}
