import { aStepNode } from "../../test/factories.ts";
import { checkGraph } from "./check-graph.ts";
import { type Graph, graphHash, graphSchema, type StepNode } from "./graph.ts";
import type { Json } from "./json.ts";

const node = aStepNode;
const graph = (...steps: StepNode[]): Graph => ({ version: 1, pipeline: "demo", steps });
const problemsOf = (...steps: StepNode[]) =>
  checkGraph(graph(...steps)).map(({ step, field, problem }) => `${step}, ${field}: ${problem}`);

describe("a graph from outside", () => {
  it("that is valid has no problems", () => {
    expect(problemsOf(node(0, "a"), node(1, "b", { needs: [0], input: { $step: ["a"] } }))).toEqual([]);
  });

  it("must not have a cycle, direct or through others", () => {
    const problems = problemsOf(
      node(0, "a", { after: [2] }),
      node(1, "b", { after: [0] }),
      node(2, "c", { after: [1] }),
      node(3, "after_cycle", { after: [2] }),
      node(4, "apart"),
      node(5, "itself", { after: [5] }),
    );
    const steps = problems.map((problem) => problem.split(",")[0]);
    expect(steps).toEqual(["a", "b", "c", "after_cycle", "itself"]);
    expect(problems[0]).toContain("is on a cycle");
  });

  it("must refer only to steps that exist and that it lists", () => {
    expect(
      problemsOf(
        node(0, "a"),
        node(1, "b", { input: { $step: ["nowhere"] }, after: [9] }),
        node(2, "c", { input: { $step: ["a"] } }),
        node(3, "d", { when: { $item: [] } }),
      ),
    ).toEqual([
      "b, after: step number 9 does not exist",
      'b, input: step "nowhere" does not exist in this pipeline',
      'c, input: uses step "a" but does not list it in needs',
      "d, when: an item exists only in the input of a mapped step",
    ]);
  });

  it("uses a value that may be absent only from steps listed in after", () => {
    const maybe = { input: { $maybe: { $step: ["a"] } } };
    expect(problemsOf(node(0, "a"), node(1, "b", maybe), node(2, "c", { ...maybe, after: [0] }))).toEqual([
      'b, input: uses step "a" but does not list it in after',
    ]);
  });

  it("uses the result of a pass only in the condition of a repeat, and no item there", () => {
    const repeat = (until: Json) => ({ repeat: { until, limit: 2, delay: 0 } });
    expect(
      problemsOf(
        node(0, "a", repeat({ $result: ["done"] })),
        node(1, "b", { input: { $result: [] } }),
        node(2, "c", { over: [1], ...repeat({ $eq: [{ $item: [] }, { $result: [] }] }) }),
      ),
    ).toEqual([
      "b, input: a result exists only in repeat's condition",
      "c, repeat.until: an item exists only in the input of a mapped step",
    ]);
  });

  it.each(["all_done", "any_failed", "any_succeeded"] as const)(
    "with a step that has the rule %s needs no result for that step",
    (rule) => {
      const problems = problemsOf(
        node(0, "a"),
        node(1, "first", { rule }),
        node(2, "data", { rule, needs: [0], input: { $step: ["a"] } }),
        node(3, "condition", { rule, needs: [0], when: { $eq: [{ $step: ["a"] }, 1] } }),
        node(4, "fine", { rule, after: [0], input: { $maybe: { $step: ["a"] } } }),
      );
      expect(problems).toEqual([
        `first, rule: is ${rule}, but no step comes before this one; name some in after`,
        `data, rule: is ${rule}, so the steps before may have no result: wrap what is used of them in maybe()`,
        `condition, rule: is ${rule}, so the steps before may have no result: wrap what is used of them in maybe()`,
      ]);
      expect(problemsOf(node(0, "a", { rule: "all_succeeded" }))).toEqual([]);
    },
  );

  it("must return only what exists when its run has ended", () => {
    const output = [
      { $step: ["a"] },
      { $step: ["nowhere", "x"] },
      { $item: [] },
      { $maybe: { $result: [] } },
    ];
    expect(checkGraph({ ...graph(node(0, "a")), output })).toEqual([
      { field: "output", problem: 'step "nowhere" does not exist in this pipeline' },
      { field: "output", problem: "$item exists only within a step" },
      { field: "output", problem: "$result exists only within a step" },
    ]);
  });

  it("must have unique names, and numbers in order", () => {
    expect(problemsOf(node(1, "a"), node(1, "a"))).toEqual([
      "a, number: is 1 but stands at place 0",
      "a, name: another step has this name; names are unique within a pipeline",
    ]);
  });

  it("must not have more steps than can be stored", () => {
    const many = (count: number) => Array.from({ length: count }, (_, place) => node(place, `step_${place}`));
    expect(problemsOf(...many(1000))).toEqual([]);
    const [problem, ...others] = checkGraph(graph(...many(5000)));
    expect(problem?.problem).toMatch(/^has 5000 steps, \d{6} bytes as JSON; at most 380000: map over a list/);
    expect(others).toEqual([]);
  });

  it("can be stored as JSON, with the same hash", () => {
    const before = graph(node(0, "a", { input: { x: [1, null, "é"] } }));
    const after = graphSchema.parse(JSON.parse(JSON.stringify(before)));
    expect(after).toEqual(before);
    expect(graphHash(after)).toBe(graphHash(before));
  });
});
