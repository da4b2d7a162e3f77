import { aChain, aStepNode } from "../../test/factories.ts";
import type { Graph } from "../pipeline/graph.ts";
import { criticalPath } from "./critical-path.ts";
import type { StepView } from "./run-view.ts";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();

function aStep(number: number, from?: number, to?: number): StepView {
  return {
    ...{ number, name: `step_${number}`, kind: "lambda", attempts: 1, errors: [], artifacts: [] },
    state: from === undefined ? "WAITING" : to === undefined ? "RUNNING" : "SUCCEEDED",
    ...(from !== undefined && { startedAt: at(from) }),
    ...(to !== undefined && { endedAt: at(to) }),
  };
}

/** Two steps beside each other, and one that needs both. */
const diamond: Graph = {
  ...aChain(),
  steps: [
    aStepNode(0, "step_0"),
    aStepNode(1, "step_1", { needs: [0] }),
    aStepNode(2, "step_2", { needs: [0] }),
    aStepNode(3, "step_3", { needs: [1, 2] }),
  ],
};
const names = (steps: readonly StepView[], now = 100) =>
  criticalPath(diamond, steps, now * 1000).map(({ name }) => name);

test("of two steps beside each other, the path has the one that ended later", () => {
  const steps = [aStep(0, 0, 1), aStep(1, 1, 9), aStep(2, 1, 4), aStep(3, 9, 10)];
  expect(names(steps)).toEqual(["step_0", "step_1", "step_3"]);
});

test("of steps that end at once, the path ends with the last in the graph", () => {
  expect(names([aStep(0, 1, 1), aStep(1, 1, 1), aStep(2, 1, 1), aStep(3, 1, 1)])).toEqual([
    ...["step_0", "step_2", "step_3"],
  ]);
});

test("while a run goes on, the path leads to the step that has run for longest", () => {
  expect(names([aStep(0, 0, 1), aStep(1, 2), aStep(2, 1), aStep(3)])).toEqual(["step_0", "step_2"]);
});

test("steps that took a result from elsewhere without beginning are no part of the path", () => {
  expect(names([aStep(0), aStep(1, 1, 9), aStep(2), aStep(3, 9, 10)])).toEqual(["step_1", "step_3"]);
});

test("a run without a step that began has no path", () => {
  expect(names([aStep(0), aStep(1), aStep(2), aStep(3)])).toEqual([]);
});
