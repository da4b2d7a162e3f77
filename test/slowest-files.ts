import { readFileSync } from "node:fs";
import { relative } from "node:path";
import * as z from "zod";
import { REPOSITORY } from "../local/stack/paths.ts";

const shown = 10;

const jestFiles = z.object({
  testResults: z.array(z.object({ name: z.string(), startTime: z.number(), endTime: z.number() })),
});

type Seconds = ReadonlyMap<string, number>;

/** A report's text. It's empty if the runner left no report, which is reported elsewhere. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** How many seconds each file took, from jest's JSON report. */
export function secondsOfJest(report: string): Seconds {
  if (report === "") return new Map();
  const { testResults } = jestFiles.parse(JSON.parse(report));
  return new Map(
    testResults.map(({ name, startTime, endTime }) => [
      relative(REPOSITORY, name),
      (endTime - startTime) / 1000,
    ]),
  );
}

/** How many seconds the tests of each file took together, from pytest's JUnit report, which names their modules. */
export function secondsOfPytest(report: string): Seconds {
  const seconds = new Map<string, number>();
  for (const [testCase] of report.matchAll(/<testcase [^>]*>/g)) {
    const [, module = ""] = / classname="tests\.(\w+)/.exec(testCase) ?? [];
    const [, time = "0"] = / time="([\d.]+)"/.exec(testCase) ?? [];
    const file = `batch-jobs/tests/${module}.py`;
    seconds.set(file, (seconds.get(file) ?? 0) + Number(time));
  }
  return seconds;
}

/** The ten files whose tests took longest, slowest first, one per line. Missing reports are skipped. */
export function slowestFiles({ jest, pytest }: { jest: string; pytest: string }): string {
  const all = [...secondsOfJest(textOf(jest)), ...secondsOfPytest(textOf(pytest))];
  const slowest = all.toSorted(([, a], [, b]) => b - a).slice(0, shown);
  return ["slowest files:", ...slowest.map(([file, s]) => `${s.toFixed(1).padStart(8)} s  ${file}`)].join(
    "\n",
  );
}
