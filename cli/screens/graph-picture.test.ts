import type { Graph, StepNode } from "../../shared/pipeline/graph.ts";
import { aStepNode } from "../../test/factories.ts";
import { graphPicture } from "./graph-picture.ts";

function picture(width: number, ...steps: StepNode[]): string[] {
  const graph: Graph = { version: 1, pipeline: "p", steps };
  return graphPicture(graph, width).split("\n");
}

/** Only the lines on the left, without the text to their right. */
const lanes = (lines: string[]) => lines.map((line) => line.replace(/ {2}[a-z].*$/, "").trimEnd());

describe("graphPicture", () => {
  test("a chain is one straight line", () => {
    expect(
      picture(80, aStepNode(0, "a"), aStepNode(1, "b", { needs: [0] }), aStepNode(2, "c", { needs: [1] })),
    ).toEqual(["●  a  function", "│", "●  b  function", "│", "●  c  function"]);
  });

  test("lines branch below a step with two dependants, and join above a step with two dependencies", () => {
    const lines = picture(
      80,
      aStepNode(0, "a"),
      aStepNode(1, "b", { needs: [0] }),
      aStepNode(2, "c", { needs: [0] }),
      aStepNode(3, "d", { needs: [1, 2] }),
    );
    expect(lanes(lines)).toEqual(["●", "│", "├─●", "│ │", "● │", "│ │", "╰─●"]);
  });

  test("a line passes an unrelated step without touching it", () => {
    const lines = picture(
      80,
      aStepNode(0, "a"),
      aStepNode(1, "b"),
      aStepNode(2, "c"),
      aStepNode(3, "d", { needs: [0, 2] }),
      aStepNode(4, "e", { needs: [1] }),
    );
    expect(lanes(lines).at(-3)).toBe("╰─│─●");
    expect(lanes(lines).at(-1)).toBe("  ●");
  });

  test("a step that only comes after others has dotted lines, and names them", () => {
    const lines = picture(80, aStepNode(0, "a"), aStepNode(1, "b"), aStepNode(2, "c", { after: [0, 1] }));
    expect(lines.slice(-3)).toEqual(["│ ┆", "╰┄●  c  function", "        after a, b"]);
  });

  test("shows lists and conditions within the terminal's width", () => {
    const over = { $flatten: Array.from({ length: 9 }, (_, at) => ({ $step: [`some_step_${at}`] })) };
    const lines = picture(60, aStepNode(0, "sweep", { over, when: { $eq: [{ $params: ["full"] }, true] } }));
    expect(lines[0]).toMatch(/^● {2}sweep {2}function {2}× flatten\(some_step_0, .*…$/);
    expect(lines[1]?.trim()).toBe("only when params.full = true");
    expect(Math.max(...lines.map((line) => line.length))).toBe(60);
  });
});

test("shows each step's state in place of its kind for a run", () => {
  const graph: Graph = {
    version: 1,
    pipeline: "p",
    steps: [aStepNode(0, "a"), aStepNode(1, "b", { needs: [0] })],
  };
  const statuses = new Map([[0, { symbol: "✓", text: "succeeded, 2 s" }]]);
  expect(graphPicture(graph, 80, statuses).split("\n")).toEqual([
    "✓  a  succeeded, 2 s",
    "│",
    "●  b  function",
  ]);
});
