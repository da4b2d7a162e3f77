import { checkPlace, stepPlace } from "./step-place.ts";

test("a step is named by its name, and a child of a map also by its index", () => {
  expect(stepPlace("--step", "train_model")).toEqual({ step: "train_model" });
  expect(stepPlace("--step", "train_model[12]")).toEqual({ step: "train_model", index: 12 });
});

test.each(["", "train[", "train[x]", "train[-1]", "[1]"])("%j is no step", (text) => {
  expect(() => stepPlace("--step", text)).toThrow(`--step is "${text}"; it takes a step`);
});

describe("the steps of a run", () => {
  const steps = [
    { name: "train", mapped: true },
    { name: "select", mapped: false },
  ];

  test.each([
    { step: "train" },
    { step: "train", index: 3 },
    { step: "select" },
    { step: "select", index: 0 },
  ])("include %j", (place) => {
    expect(() => checkPlace("--step", place, steps)).not.toThrow();
  });

  test("are listed if another step is named", () => {
    expect(() => checkPlace("--step", { step: "fit" }, steps)).toThrow(
      '--step is "fit"; the run has the steps train, select',
    );
  });

  test("have children only if they are mapped", () => {
    expect(() => checkPlace("--step", { step: "select", index: 1 }, steps)).toThrow("select is not mapped");
  });
});
