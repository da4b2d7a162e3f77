import fc from "fast-check";
import { copyState } from "./copy-state.ts";

describe("a copy of stored state", () => {
  it("is equal to any JSON, and shares nothing with it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const wrapped = { value, numbers: new Set([1, 2]) };
        const copy = copyState(wrapped);
        expect(copy).toEqual(wrapped);
        expect(copy.numbers).not.toBe(wrapped.numbers);
        if (typeof value === "object" && value !== null) expect(copy.value).not.toBe(value);
      }),
    );
  });

  it("keeps a field named __proto__ as a field", () => {
    const odd: unknown = JSON.parse('{"__proto__":{"x":1}}');
    expect(JSON.stringify(copyState(odd))).toBe('{"__proto__":{"x":1}}');
  });
});
