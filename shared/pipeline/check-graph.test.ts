import { aStepNode } from "../../test/factories.ts";
import { checkGraph } from "./check-graph.ts";
import { type Graph, graphHash, graphSchema, type StepNode } from "./graph.ts";

const node = aStepNode;
const graph = (...steps: StepNode[]): Graph => ({ version: 1, pipeline: "demo", steps });
const problemsOf = (...steps: StepNode[]) =>
  checkGraph(graph(...steps)).map(({ step, field, problem }) => `${step}, ${field}: ${problem}`);

describe("a graph from outside", () => {
  it("that is in order has no problems", () => {
    expect(problemsOf(node(0, "a"), node(1, "b", { needs: [0], input: { $step: ["a"] } }))).toEqual([]);
  });

  it("may have no cycle, direct or through others", () => {
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

  it("may refer only to steps that exist and that it lists", () => {
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

  it("has unique names and numbers in order", () => {
    expect(problemsOf(node(1, "a"), node(1, "a"))).toEqual([
      "a, number: is 1 but stands at place 0",
      "a, name: another step has this name; names are unique within a pipeline",
    ]);
  });

  it("survives being stored as JSON, with the same hash", () => {
    const before = graph(node(0, "a", { input: { x: [1, null, "é"] } }));
    const after = graphSchema.parse(JSON.parse(JSON.stringify(before)));
    expect(after).toEqual(before);
    expect(graphHash(after)).toBe(graphHash(before));
  });
});
