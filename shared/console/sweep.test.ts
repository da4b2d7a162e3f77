import { aHeldStep, timeAt } from "../../test/factories.ts";
import type { Json } from "../pipeline/json.ts";
import type { StepRecord } from "../state/step-record.ts";
import { betterIs, childLabel, sorted, sweepOf } from "./sweep.ts";

function succeeded(index: number, value: Json): StepRecord {
  const { holder, leaseUntil, state, ...facts } = aHeldStep({ index });
  return { ...facts, state: "SUCCEEDED", endedAt: timeAt(1), output: { value } };
}

const model = { uri: "s3://b/k", sha256: "0".repeat(64), bytes: 7, mediaType: "x/y" };

test("parameters come from items, figures from results; objects and repeated parameters are left out", () => {
  const children = [0, 1].map((index) =>
    succeeded(index, { alpha: index, r2: index / 2, model, words: "no figure" }),
  );
  const items = new Map<number, Json>([0, 1].map((index) => [index, { alpha: index, kind: "ridge", model }]));
  const { columns, rows } = sweepOf(children, items);
  expect(columns.map(({ name, kind }) => [name, kind])).toEqual([
    ["alpha", "parameter"],
    ["kind", "parameter"],
    ["r2", "result"],
  ]);
  expect(rows.map(({ values }) => values.get("out:r2"))).toEqual([0, 0.5]);
});

test("rows are sorted either way, and those without the value are last", () => {
  const children = [
    succeeded(0, { r2: 1 }),
    succeeded(1, {}),
    succeeded(2, { r2: 3 }),
    succeeded(3, { r2: 2 }),
  ];
  const { rows } = sweepOf(children, new Map());
  const order = (sort: string) => sorted(rows, sort).map(({ index }) => index);
  expect(order("out:r2")).toEqual([0, 3, 2, 1]);
  expect(order("-out:r2")).toEqual([2, 3, 0, 1]);
  expect(order("-index")).toEqual([3, 2, 1, 0]);
  expect(order("no such column")).toEqual([0, 1, 2, 3]);
});

test.each([
  ["metrics.testLoss", "lower"],
  ["rmse", "lower"],
  ["r2", "higher"],
  ["val_accuracy", "higher"],
  ["rows", undefined],
])("which way %s is better: %s", (name, expected) => {
  expect(betterIs(name)).toBe(expected);
});

test("a child is named by its index and its first parameters", () => {
  expect(childLabel(2, { alpha: 0.1, depth: 3, seed: 1 })).toBe("[2] alpha 0.1 depth 3");
  expect(childLabel(0, 0.5)).toBe("[0] 0.5");
  expect(childLabel(1, undefined)).toBe("[1]");
});
