import { aStepNode } from "../../test/factories.ts";
import type { Graph, StepNode } from "./graph.ts";
import { mermaidOf } from "./mermaid.ts";

const batchTask: StepNode["task"] = {
  kind: "batch",
  job: "ridge.train",
  resources: { vcpus: 1, memory: 512, gpus: 0, timeoutSeconds: 600, queue: "cpu" },
};

const graphOf = (...steps: StepNode[]): Graph => ({ version: 1, pipeline: "p", steps });
const linesOf = (...steps: StepNode[]) =>
  mermaidOf(graphOf(...steps))
    .trimEnd()
    .split("\n");

describe("mermaidOf", () => {
  test("shows a function as round, a job with corners, and a mapped step with double sides and its list", () => {
    expect(
      linesOf(
        aStepNode(0, "read"),
        aStepNode(1, "train", { task: batchTask }),
        aStepNode(2, "sweep", { task: batchTask, over: { $params: ["alphas"] } }),
        aStepNode(3, "merge", { size: "large" }),
      ),
    ).toEqual([
      "flowchart TD",
      '  s0("read<br/>function")',
      '  s1["train<br/>Batch job ridge.train"]',
      '  s2[["sweep<br/>Batch job ridge.train<br/>× params.alphas"]]',
      '  s3("merge<br/>large function")',
    ]);
  });

  test("shows data as a solid arrow, mere order as a dotted one, and both together as one solid arrow", () => {
    const lines = linesOf(
      aStepNode(0, "a"),
      aStepNode(1, "b", { needs: [0] }),
      aStepNode(2, "c", { after: [1] }),
      aStepNode(3, "d", { needs: [0], after: [0, 2] }),
    );
    expect(lines.filter((line) => line.includes(">") && !line.includes("<br/>"))).toEqual([
      "  s0 --> s1",
      "  s1 -.-> s2",
      "  s0 --> s3",
      "  s2 -.-> s3",
    ]);
  });

  test("shows a condition, with its operators as entities", () => {
    const [, line] = linesOf(aStepNode(0, "a", { when: { $lt: [{ $step: ["b", "loss"] }, 0.4] } }));
    expect(line).toBe('  s0("a<br/>function<br/>when b.loss #60; 0.4")');
  });

  test.each(['say "hi"', "a#35;b", "<b>", "`code`", "%% comment", "style:#f00;", "{x} | [y]", "back\\slash"])(
    "shows text that Mermaid would interpret as plain text: %s",
    (text) => {
      const [, line = ""] = linesOf(aStepNode(0, "a", { when: { $eq: [{ $params: ["label"] }, text] } }));
      const label = /^ {2}s0\("a<br\/>function<br\/>(.*)"\)$/.exec(line)?.[1] ?? "";
      expect(label.replace(/#\d+;/g, "")).not.toMatch(/["#<>&`%:;\\{}[\]|]/);
      const read = label.replace(/#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)));
      expect(read).toBe(`when params.label = ${JSON.stringify(text)}`);
    },
  );

  test("cuts a long list, so that a step stays a box", () => {
    const over = { $flatten: Array.from({ length: 30 }, (_, at) => ({ $step: [`step_${at}`, "file"] })) };
    const [, line = ""] = linesOf(aStepNode(0, "clean", { over }));
    expect(line).toMatch(/× flatten\(step_0\.file, .*…"\]\]$/);
    expect(line.length).toBeLessThan(100);
  });

  test("shows a note in a run's step, and gives the step its class", () => {
    const graph = graphOf(aStepNode(0, "a"), aStepNode(1, "b"));
    const notes = new Map([[1, "failed: x"]]);
    const lines = mermaidOf(graph, [{ name: "red", style: "stroke:#c00", steps: [0, 1] }], notes).split("\n");
    expect(lines.slice(1, 6)).toEqual([
      '  s0("a<br/>function")',
      '  s1("b<br/>function<br/>failed#58; x")',
      "  classDef red stroke:#c00",
      "  class s0,s1 red",
      "",
    ]);
  });
});
