import type { AttemptView } from "../../shared/run/job-view.ts";
import { costText, usageText } from "../../shared/wording/usage-text.ts";
import { jobLines, progressTenths, progressText } from "./job-lines.ts";

const gibibyte = 1024 ** 3;
const usage = {
  ...{ peakMemoryBytes: 1.9 * gibibyte, memoryBytes: 8 * gibibyte, vcpusUsed: 0.8, vcpus: 2 },
  hints: ["memory: 3072 would do"],
};

test("a job's usage is shown next to its resources, with a recommendation", () => {
  expect(usageText(usage)).toBe("used 1.9 of 8.0 GiB, 0.8 of 2 vCPUs; memory: 3072 would do");
  expect(usageText({ peakMemoryBytes: gibibyte, memoryBytes: 2 * gibibyte, vcpus: 1, hints: [] })).toBe(
    "used 1.0 of 2.0 GiB",
  );
});

test.each([
  [12.3456, "about $12.35"],
  [0.5, "about $0.50"],
  [0.0423, "about $0.042"],
  [0.00000405, "about $0.0000041"],
  [0, "about $0.00"],
])("%d dollars are %s", (dollars, text) => {
  expect(costText({ dollars, atLeast: false })).toBe(text);
});

test("a partly known cost is shown as a minimum", () => {
  expect(costText({ dollars: 2, atLeast: true })).toBe("at least $2.00");
});

describe("progress", () => {
  const at = "2021-10-04T16:21:00Z";

  test("is a bar, a percentage, the job's message and the time left", () => {
    expect(progressText({ fraction: 0.4, message: "epoch 4 of 10", at, perMinute: 0.2 })).toBe(
      "████████░░░░░░░░░░░░ 40 %  epoch 4 of 10  20 %/min, 3 min 00 s left",
    );
  });

  test("shows one estimate of the time left: the job's own, if it gives one", () => {
    expect(progressText({ fraction: 0.4, message: "4 of 10 rows, 170 s left", at, perMinute: 0.2 })).toBe(
      "████████░░░░░░░░░░░░ 40 %  4 of 10 rows, 170 s left  20 %/min",
    );
  });

  test("without a fraction is the job's message", () => {
    expect(progressText({ message: "reading", at })).toBe("reading");
  });

  test("in a log changes ten times at most", () => {
    expect(progressTenths({ fraction: 0.49, message: "", at })).toBe("40 %");
    expect(progressTenths({ message: "", at })).toBe("");
  });
});

describe("below a Batch step's line", () => {
  const attempt: Omit<AttemptView, "attempt" | "tries"> = {
    ...{ epoch: 1, job: "j", vcpus: 1, memory: 512, queue: "cpu", spot: true },
    ...{ state: "FAILED", reason: "SpotInterruption: gone", seconds: 12 },
  };
  const log = "/aws/batch/millrace-dev:d/default/1";

  test("are the failed attempts, each with its log", () => {
    const jobs = [
      { ...attempt, attempt: 1, tries: [{ log }] },
      { ...attempt, attempt: 2, index: 7, tries: [{}, { log }] },
      { ...attempt, attempt: 3, state: "SUCCEEDED" as const, tries: [{ log }] },
    ];
    expect(jobLines({ state: "SUCCEEDED", errors: [], jobs, usage }, 100)).toEqual([
      usageText(usage),
      "attempt 1.1 on cpu, 12.0 s: SpotInterruption: gone",
      `log: ${log}`,
      "[7] attempt 1.2 on cpu, 12.0 s, 2 tries: SpotInterruption: gone",
      `log: ${log}`,
    ]);
  });

  test("a failure that is already the step's error is shown once", () => {
    const jobs = [{ ...attempt, attempt: 1, tries: [{ log }] }];
    expect(jobLines({ state: "FAILED", errors: [{ name: "E", message: "" }], jobs }, 100)).toEqual([]);
  });

  test("a cancelled job says how it ended and where its log is", () => {
    const jobs = [{ ...attempt, attempt: 1, reason: "The run was cancelled", tries: [{ log }] }];
    expect(jobLines({ state: "CANCELLED", errors: [], jobs }, 100)).toEqual([
      "attempt 1.1 on cpu, 12.0 s: The run was cancelled",
      `log: ${log}`,
    ]);
  });

  test("a running job shows its log and its progress", () => {
    const progress = { fraction: 1, message: "writing", at: "2021-10-04T16:21:00Z" };
    expect(jobLines({ state: "RUNNING", errors: [], log, progress }, 100)).toEqual([
      progressText(progress),
      `log: ${log}`,
    ]);
  });
});
