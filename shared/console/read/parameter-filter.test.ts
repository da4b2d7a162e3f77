import { matchesParameter } from "./parameter-filter.ts";

const params = {
  alpha: 0.1,
  model: { kind: "ridge", tuned: true, note: null },
  alphas: [1, 0.1],
  "": "empty name",
  text: "a=b",
};

test.each([
  ["alpha=0.1", "a number"],
  ["alpha=1e-1", "a number that is written otherwise"],
  ["model.kind=ridge", "a text in an object"],
  ['model.kind="ridge"', "a text as JSON"],
  ["model.tuned=true", "a truth value"],
  ["model.note=null", "null"],
  ["alphas=0.1", "a list that has the value"],
  ["alphas=[1,0.1]", "a list as JSON"],
  ["alphas.1=0.1", "a place of a list"],
  [" alpha = 0.1 ", "spaces around both"],
  ["text=a=b", "a value with an equals sign"],
])("%s matches: %s", (filter) => {
  expect(matchesParameter(params, filter)).toBe(true);
});

test.each([
  ["alpha=0.2", "another number"],
  ["alpha=", "no value"],
  ["alphas.2=0.1", "a place that the list lacks"],
  ["alphas.x=0.1", "no place of a list"],
  ["model=ridge", "an object"],
  ["nothing=1", "no such field"],
  ["constructor=1", "a name that every object has"],
  ["toString.name=toString", "a path that every object has"],
])("%s does not match: %s", (filter) => {
  expect(matchesParameter(params, filter)).toBe(false);
});
