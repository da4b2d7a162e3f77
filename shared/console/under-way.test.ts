import { aHeldStep, epochStart, timeAt } from "../../test/factories.ts";
import { succeeded } from "../state/step-changes.ts";
import { underWay } from "./under-way.ts";

const child = (index: number, from: number) => aHeldStep({ index, startedAt: timeAt(from) });
const ended = (index: number, from: number, to: number) =>
  succeeded(child(index, from), { value: index }, epochStart + to * 1000);
const seconds = (now: number) => epochStart + now * 1000;

test("children count from their begin to their end, and those that go on until now", () => {
  const levels = underWay([ended(0, 0, 4), ended(1, 2, 6), child(2, 6)], seconds(10));
  expect(levels).toEqual([
    { at: seconds(0), count: 1 },
    { at: seconds(2), count: 2 },
    { at: seconds(4), count: 1 },
    { at: seconds(6), count: 1 },
    { at: seconds(10), count: 0 },
  ]);
});

test("without children there is no level", () => {
  expect(underWay([], 0)).toEqual([]);
});
