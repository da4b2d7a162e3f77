import { withParam } from "./start.ts";

test.each([
  ["alphas=[1,0.1]", { alphas: [1, 0.1] }],
  ["month=2021-03", { month: "2021-03" }],
  ["limit=3", { limit: 3 }],
  ['limit="3"', { limit: "3" }],
  ["query=a=b", { query: "a=b" }],
  ["label=", { label: "" }],
])("--param %s is JSON where it reads as JSON, and text otherwise", (text, params) => {
  expect(withParam(text)).toEqual(params);
});

test("a later --param goes with the earlier ones, and wins over one of its name", () => {
  expect(withParam("a=2", { a: 1, b: 1 })).toEqual({ a: 2, b: 1 });
});

test.each(["alphas", "=3"])("--param %s is refused with the form that it takes", (text) => {
  expect(() => withParam(text)).toThrow(`--param is "${text}"; it takes key=value`);
});
