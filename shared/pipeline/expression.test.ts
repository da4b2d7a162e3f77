import fc from "fast-check";
import { evaluate, referencesIn, type Scope } from "./expression.ts";
import type { Json } from "./json.ts";

const outputs: Record<string, Json> = {
  load: { rows: [1, 2], nested: { deep: "x" } },
  list: [[1], 2, [[3]]],
};
const scope: Scope = {
  step: (name) => outputs[name],
  params: { limit: 3 },
  run: { id: "r1" },
  item: { alpha: 0.1 },
  result: { done: false },
};

/** JSON without the reserved keys: plain data. */
const data = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"$')) as fc.Arbitrary<Json>;

describe("evaluate", () => {
  it.each<[string, Json, Json]>([
    ["a field of a step's output", { $step: ["load", "nested", "deep"] }, "x"],
    ["a step's whole output", { $step: ["load"] }, outputs.load ?? null],
    ["a parameter", { $params: ["limit"] }, 3],
    ["a fact of the run", { $run: ["id"] }, "r1"],
    ["the item", { $item: ["alpha"] }, 0.1],
    ["references within data", { a: [{ $run: ["id"] }, 1] }, { a: ["r1", 1] }],
    ["one level of lists flattened", { $flatten: { $step: ["list"] } }, [1, 2, [3]]],
    ["a comparison", { $gte: [{ $params: ["limit"] }, 3] }, true],
    ["a comparison of texts", { $lt: ["a", "b"] }, true],
    ["logic", { $and: [{ $not: [{ $eq: [1, 2] }] }, { $or: [false, { $ne: [1, 2] }] }] }, true],
    ["the result of a pass", { $not: [{ $result: ["done"] }] }, true],
    ["maybe of a step with a result", { $maybe: { $step: ["load", "rows"] } }, [1, 2]],
    ["maybe of a step without one", { a: { $maybe: { $step: ["nowhere", "x", "y"] } } }, { a: null }],
    [
      "maybe of several steps, one of them without a result",
      { $maybe: { $flatten: [{ $step: ["list"] }, { $step: ["no"] }] } },
      null,
    ],
    [
      "maybe within maybe, each by itself",
      { $maybe: { $flatten: [{ $maybe: { $step: ["no"] } }, 1] } },
      [null, 1],
    ],
    [
      "text of texts, numbers and truth values",
      { $text: ["a ", { $params: ["limit"] }, true, { $run: ["id"] }] },
      "a 3truer1",
    ],
    ["text of an empty list", { $text: [] }, ""],
    ["an or that needs only its first part", { $or: [true, { $step: ["nowhere"] }] }, true],
  ])("returns %s", (_what, expression, value) => {
    expect(evaluate(expression, scope)).toEqual(value);
  });

  it.each<[string, Json, string]>([
    ["a missing field", { $step: ["load", "nested", "shallow"] }, 'load.nested has no field "shallow"'],
    ["a field of a number", { $params: ["limit", "x"] }, 'params.limit has no field "x"'],
    [
      "a property that every object inherits",
      { $step: ["load", "constructor"] },
      'load has no field "constructor"',
    ],
    ["a comparison of numbers with text", { $lt: [1, "2"] }, 'cannot order 1 and "2"'],
    ["a condition that isn't boolean", { $and: [1] }, "it must be true or false"],
    ["a step without a result", { $step: ["nowhere"] }, 'step "nowhere" has no result'],
    ["a missing field, with maybe or without", { $maybe: { $step: ["load", "x"] } }, 'load has no field "x"'],
    ["a list in a text", { $text: ["a", { $step: ["list"] }] }, "cannot put [[1],2,[[3]]] into a text"],
    ["null in a text", { $text: [null] }, "cannot put null into a text"],
    ["an unknown operator", { $xor: [true, false] }, "unknown operator $xor"],
  ])("refuses %s, and names it", (_what, expression, message) => {
    expect(() => evaluate(expression, scope)).toThrow(message);
  });

  it.each([
    [{ $item: [] }, "an item is used outside of a mapped step"],
    [{ $result: [] }, "a result is used outside of repeat's condition"],
  ])("refuses %j where there is none", (expression, message) => {
    expect(() => evaluate(expression, { step: scope.step, params: null, run: null })).toThrow(message);
  });

  it("leaves plain data unchanged", () => {
    fc.assert(fc.property(data, (value) => expect(evaluate(value, scope)).toEqual(value)));
  });

  it("finds every reference, and none in plain data", () => {
    expect(
      referencesIn({ a: { $flatten: [{ $step: ["x", "y"] }] }, b: { $eq: [{ $params: ["p"] }, 1] } }),
    ).toEqual([
      { source: "$step", path: ["x", "y"] },
      { source: "$params", path: ["p"] },
    ]);
    expect(
      referencesIn([{ $text: ["t", { $step: ["x"] }] }, { $maybe: [{ $step: ["y"] }, { $result: ["z"] }] }]),
    ).toEqual([
      { source: "$step", path: ["x"] },
      { source: "$step", path: ["y"], optional: true },
      { source: "$result", path: ["z"], optional: true },
    ]);
    fc.assert(fc.property(data, (value) => expect(referencesIn(value)).toEqual([])));
  });
});
