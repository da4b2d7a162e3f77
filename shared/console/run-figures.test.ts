import type { RunSummary } from "../state/run.ts";
import { figuresOf, percentile } from "./run-figures.ts";

const start = Date.parse("2021-10-04T16:00:00Z");
const run = (state: string, seconds?: number): RunSummary => ({
  runId: `${state}-${seconds}`,
  pipeline: "scores",
  name: "scores",
  scheduledAt: new Date(start).toISOString(),
  startedAt: new Date(start).toISOString(),
  tags: [],
  state,
  ...(seconds !== undefined && { endedAt: new Date(start + seconds * 1000).toISOString() }),
});

test("a percentile is the smallest value that the share doesn't exceed", () => {
  const values = Array.from({ length: 20 }, (_, place) => place + 1);
  expect([
    percentile(values, 0.5),
    percentile(values, 0.95),
    percentile([7], 0.95),
    percentile([], 0.5),
  ]).toEqual([...[10, 19, 7], undefined]);
});

test("only runs that succeeded have a duration, and cancelled and open ones count as neither", () => {
  const runs = [run("SUCCEEDED", 2), run("SUCCEEDED", 4), run("FAILED", 100), run("TIMED_OUT", 100)];
  expect(figuresOf([...runs, run("CANCELLED", 1), run("RUNNING")], start)).toEqual({
    ...{ succeeded: 2, failed: 2 },
    ...{ median: 2000, p95: 4000 },
  });
  expect(figuresOf([run("RUNNING")], start)).toEqual({ succeeded: 0, failed: 0 });
});
