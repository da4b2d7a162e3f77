import type { Expression } from "./expression.ts";
import { expressionText } from "./expression-text.ts";

test.each<[Expression, string]>([
  [{ $params: ["alphas"] }, "params.alphas"],
  [{ $step: ["train", "model"] }, "train.model"],
  [{ $item: [] }, "item"],
  [[1, { $run: ["id"] }], "[1, run.id]"],
  [{ a: { $step: ["x"] }, b: "t" }, '{ a: x, b: "t" }'],
  [{ $flatten: [{ $step: ["a"] }, { $step: ["b", "c"] }] }, "flatten(a, b.c)"],
  [{ $flatten: { $step: ["a"] } }, "flatten(a)"],
  [{ $gte: [{ $step: ["a", "r2"] }, 0.5] }, "a.r2 ≥ 0.5"],
  [{ $maybe: { $step: ["a", "r2"] } }, "maybe(a.r2)"],
  [{ $text: ["raw/", { $params: ["month"] }, ".csv"] }, '"raw/{params.month}.csv"'],
  [{ $lt: [{ $result: ["loss"] }, 1] }, "result.loss < 1"],
  [{ $not: [{ $eq: [1, 2] }] }, "not (1 = 2)"],
  [{ $and: [{ $or: [true, false] }, { $ne: ["a", null] }] }, '(true or false) and ("a" ≠ null)'],
])("%j is written as %s", (expression, text) => {
  expect(expressionText(expression)).toBe(text);
});
