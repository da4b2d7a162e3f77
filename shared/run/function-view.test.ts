import { aHeldStep, epochStart, timeAt } from "../../test/factories.ts";
import { succeeded } from "../state/step-changes.ts";
import type { FunctionAttempt } from "../state/step-record.ts";
import { viewFunctionAttempts } from "./function-view.ts";
import { maxAttempts } from "./job-view.ts";

const failure = (attempt: number, name = "Error"): FunctionAttempt => ({
  ...{ epoch: 1, attempt, error: { name } },
  startedAt: epochStart + attempt * 10_000,
  endedAt: epochStart + attempt * 10_000 + 2000,
});
const running = (index: number, functionAttempts: FunctionAttempt[] = []) =>
  aHeldStep({ index, epoch: 1, attempt: functionAttempts.length + 1, functionAttempts });

test("a function that succeeded at its first attempt has no attempts to show", () => {
  expect(viewFunctionAttempts([succeeded(running(0), { value: 1 }, epochStart)], false)).toEqual([]);
  expect(viewFunctionAttempts([], false)).toEqual([]);
});

test("attempts that failed are followed by the one that the result is from", () => {
  const held = { ...running(0, [failure(1, "TypeError")]), startedAt: timeAt(20) };
  const attempts = viewFunctionAttempts([succeeded(held, { value: 1 }, epochStart + 25_000)], false);
  expect(attempts).toEqual([
    {
      ...{ epoch: 1, attempt: 1, state: "FAILED", error: { name: "TypeError" } },
      ...{ startedAt: timeAt(10), endedAt: timeAt(12), milliseconds: 2000 },
    },
    {
      ...{ epoch: 1, attempt: 2, state: "SUCCEEDED" },
      ...{ startedAt: timeAt(20), endedAt: timeAt(25), milliseconds: 5000 },
    },
  ]);
});

test("attempts of a map name their children, those that failed first, and are bounded", () => {
  const healed = succeeded(running(7, [failure(1)]), { value: 1 }, epochStart);
  const all = viewFunctionAttempts([healed, running(8, [failure(1), failure(2)])], true);
  expect(all.map(({ index, attempt, state }) => [index, attempt, state])).toEqual([
    [7, 1, "FAILED"],
    [8, 1, "FAILED"],
    [8, 2, "FAILED"],
    [7, 2, "SUCCEEDED"],
  ]);
  const many = Array.from({ length: maxAttempts + 5 }, (_, index) => running(index, [failure(1)]));
  expect(viewFunctionAttempts(many, true)).toHaveLength(maxAttempts);
});
