import type { FunctionAttemptView } from "../../shared/run/function-view.ts";
import { functionLines } from "./function-lines.ts";

const attempt = (number: number, more: Partial<FunctionAttemptView> = {}): FunctionAttemptView => ({
  ...{ epoch: 1, attempt: number, state: "FAILED", milliseconds: 1500, error: { name: "TypeError" } },
  ...{ startedAt: "2021-10-04T16:21:00.000Z", endedAt: "2021-10-04T16:21:01.500Z" },
  ...more,
});
const ended = attempt(4, { state: "SUCCEEDED" });
const linesOf = (functionAttempts: FunctionAttemptView[], width = 80) =>
  functionLines({ functionAttempts, errors: [] }, width);

test("each attempt that failed is a line with its time and error; the one that succeeded is none", () => {
  const coded = attempt(2, { error: { name: "TimeoutError", code: "TIMEOUT" }, index: 7 });
  expect(linesOf([attempt(1), coded, ended])).toEqual([
    "attempt 1.1, 1.5 s: TypeError",
    "[7] attempt 1.2, 1.5 s: TimeoutError (TIMEOUT)",
  ]);
});

test("only the last three that failed are shown", () => {
  expect(linesOf([1, 2, 3, 4].map((number) => attempt(number))).map((line) => line.slice(0, 11))).toEqual([
    ...["attempt 1.2", "attempt 1.3", "attempt 1.4"],
  ]);
});

test("a step whose only attempt failed says so by its error alone", () => {
  const errors = [{ name: "TypeError", message: "no" }];
  expect(functionLines({ functionAttempts: [attempt(1)], errors }, 80)).toEqual([]);
  expect(linesOf([attempt(1)])).toHaveLength(1);
  expect(functionLines({ errors: [] }, 80)).toEqual([]);
});

test("no line is wider than the screen", () => {
  const lines = linesOf([attempt(1, { error: { name: "AnErrorWithAVeryLongName" } })], 20);
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
});
