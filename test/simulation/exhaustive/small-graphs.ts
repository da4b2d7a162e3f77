import type { PipelineSpec, PureWork, StepSpec } from "../spec/pipeline-spec.ts";

function step(name: string, uses: readonly string[] = [], rest: Partial<StepSpec> = {}): StepSpec {
  return { name, work: { kind: "lambda", list: 2 }, uses, after: [], retries: { limit: 0 }, ...rest };
}

/** A step that runs after another one without using its data. */
const later = (name: string, after: string) => step(name, [], { after: [after] });

const job: PureWork = { kind: "batch", list: 0 };
const failsOnce: PureWork = { kind: "lambda", list: 0, failing: { times: 1, how: "error" } };
const fails: PureWork = { kind: "lambda", list: 0, failing: { times: 99, how: "error" } };

/** Graphs that are small enough to explore all of their executions, by name. */
export const smallGraphs: Readonly<Record<string, PipelineSpec>> = {
  one: { steps: [step("a")] },
  chain: { steps: [step("a"), step("b", ["a"])] },
  join: { steps: [step("a"), step("b"), step("c", ["a", "b"])] },
  fork: { steps: [step("a"), step("b", ["a"]), step("c", ["a"])] },
  diamond: { steps: [step("a"), step("b", ["a"]), step("c", ["a"]), step("d", ["b", "c"])] },
  retried: { steps: [step("a", [], { work: failsOnce, retries: { limit: 1, delay: 0 } }), step("b", ["a"])] },
  failing: { steps: [step("a", [], { work: fails }), step("b"), step("c", ["a", "b"])] },
  skipped: {
    steps: [step("a"), step("b", [], { when: { step: "a", test: "above", bound: 999 } }), step("c", ["b"])],
  },
  map: { steps: [step("m", [], { over: { form: "literal", size: 2 } }), step("z", ["m"])] },
  rule: { steps: [step("a", [], { work: fails }), step("b", ["a"], { rule: "any_failed", optional: true })] },
  child: {
    steps: [step("p", [], { work: { kind: "child", pipeline: { steps: [step("q")] } } }), step("z", ["p"])],
  },
  limited: { steps: [step("a")], runs: 2, maxActiveRuns: 1 },
  sizes: { steps: [step("a"), step("b", ["a"], { size: "large" }), step("c", ["b"])] },
  job: { steps: [step("a", [], { work: job })] },
  wait: { steps: [step("a", [], { work: { kind: "wait", seconds: 40, form: "seconds" } }), later("z", "a")] },
  object: { steps: [step("a", [], { work: { kind: "object", lands: 0 } }), later("z", "a")] },
  approval: { steps: [step("a", [], { work: { kind: "approval", answer: "yes" } }), later("z", "a")] },
  repeated: { steps: [step("a", [], { work: { kind: "lambda", list: 0, passes: 3 } }), step("z", ["a"])] },
};
