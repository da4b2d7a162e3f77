import type { RunView, StepView } from "../../shared/run/run-view.ts";
import { childrenText } from "../../shared/wording/state-looks.ts";
import { lineDisplay } from "./run-display.ts";
import { runScreen } from "./run-screen.ts";

function aStepView(name: string, overrides: Partial<StepView> = {}): StepView {
  return {
    number: 0,
    name,
    kind: "lambda",
    state: "WAITING",
    attempts: 0,
    errors: [],
    artifacts: [],
    ...overrides,
  };
}

function aRunView(steps: StepView[], overrides: Partial<RunView> = {}): RunView {
  return {
    ...{
      runId: "20211004T162100Z-000000000001",
      pipeline: "ridge-sweep",
      name: "october",
      params: {},
      steps,
      afterwards: [],
    },
    cause: { kind: "object", uri: `s3://millrace-prod-data-123456789012/raw/ridge/${"x".repeat(80)}.csv` },
    ...{ state: "RUNNING", scheduledAt: "2021-10-04T16:21:00Z", startedAt: "2021-10-04T16:21:00Z" },
    cost: { dollars: 0, atLeast: false, basis: "" },
    ...{ milliseconds: 12_300, epoch: 1, queue: "ridge-sweep", priority: 50, tags: [] },
    ...overrides,
  };
}

const running = aStepView("train_model", {
  state: "RUNNING",
  attempts: 2,
  milliseconds: 5200,
  children: { total: 6, counts: { SUCCEEDED: 4, RUNNING: 2 } },
});

test("a map shows counts: done of all, then the states of the others", () => {
  expect(childrenText({ total: 9, counts: { SUCCEEDED: 4, RUNNING: 2, FAILED: 1, WAITING: 2 } })).toBe(
    "4/9 done, 2 running, 1 failed",
  );
});

test("a step's line shows state, counts, attempt and duration", () => {
  const line = runScreen(aRunView([running]), 80)
    .split("\n")
    .at(-1);
  expect(line).toMatch(/^ {2}▶ train_model {2}running {4}4\/6 done, 2 running, attempt 2 +5\.2 s$/);
  expect(line).toHaveLength(80);
});

test("an error stands under its step, with the child's place and the log", () => {
  const errors = [{ name: "ValueError", message: "y has 3 NaN", index: 2, log: "s3://b/log" }];
  const lines = runScreen(aRunView([aStepView("read", { state: "FAILED", errors })]), 80).split("\n");
  expect(lines.slice(-2)).toEqual(["      [2] ValueError: y has 3 NaN", "      log: s3://b/log"]);
});

test("an error shows where it was thrown; of several errors, the first is shown", () => {
  const error = (index: number) => ({
    name: "E",
    message: "no",
    index,
    stack: [`at fit (${"x".repeat(99)})`, "at main"],
  });
  const errors = [error(0), error(1)];
  const lines = runScreen(aRunView([aStepView("read", { state: "FAILED", errors })]), 80).split("\n");
  expect(lines.slice(-4)).toEqual([
    "      [0] E: no",
    `        at fit (${"x".repeat(64)}`,
    "        at main",
    "      [1] E: no",
  ]);
});

test("hooks and notices are listed below the steps with their states", () => {
  const screen = runScreen(
    aRunView([running], {
      state: "FAILED",
      afterwards: [
        { kind: "hook", name: "hook", state: "SUCCEEDED", attempts: 1, milliseconds: 40, errors: [] },
        {
          ...{ kind: "notice", name: "slack", state: "FAILED", attempts: 1, milliseconds: 90 },
          errors: [
            { name: "NoticeRefusedError", message: "there is no parameter /millrace/prod/slack-webhook" },
          ],
        },
        { kind: "start", name: "poem-model", state: "SUCCEEDED", child: "r2", attempts: 1, errors: [] },
      ],
    }),
    100,
  );
  const lines = screen.split("\n").slice(-6);
  expect(lines[0]).toBe("  afterwards");
  expect(lines[1]).toMatch(/^ {2}✓ hook +succeeded +40 ms$/);
  expect(lines[2]).toMatch(/^ {2}✗ notice slack +failed +90 ms$/);
  expect(lines[3]).toContain("there is no parameter /millrace/prod/slack-webhook");
  expect(lines[4]).toMatch(/^ {2}✓ start poem-model +succeeded$/);
  expect(lines[5]).toBe("      look at its run: npx millrace run r2");
});

test("a run's result is one line, cut to the width", () => {
  const promotion = { promoted: false, reason: "logLoss 0.4581, the champion's 0.4378: worse by 4.6 %" };
  const [, , , line] = runScreen(aRunView([running], { result: { model: 2, promotion } }), 60).split("\n");
  expect(line).toBe('result { model: 2, promotion: { promoted: false, reason: "l…');
});

describe("runs that belong together", () => {
  const linked = (overrides: Partial<StepView>) =>
    runScreen(aRunView([aStepView("train", { state: "RUNNING", kind: "child", ...overrides })]), 80)
      .split("\n")
      .slice(5);

  test("a step that waits for a child run shows the command to inspect it", () => {
    expect(linked({ child: "r2" })).toEqual(["      look at its run: npx millrace run r2"]);
  });

  test("a mapped child step shows its runs with their states, and the command to inspect the first unfinished one", () => {
    const childRuns = [
      { index: 0, runId: "r0", state: "SUCCEEDED" },
      { index: 11, runId: "r11", state: "FAILED" },
    ] as const;
    const children = { total: 30, counts: { SUCCEEDED: 29, FAILED: 1 } };
    expect(linked({ childRuns: [...childRuns], children })).toEqual([
      "      [0]    ✓ succeeded  run r0",
      "      [11]   ✗ failed     run r11",
      "      and 28 more",
      "      look at one: npx millrace run r11",
    ]);
  });

  test("a child run shows the command to inspect its parent", () => {
    const cause = {
      kind: "step",
      runId: "20211004T162100Z-4k7q2m9xt6bw",
      step: "train",
      index: 0,
      epoch: 1,
    } as const;
    expect(
      runScreen(aRunView([running], { cause }), 80)
        .split("\n")
        .slice(2, 4),
    ).toEqual([
      "started by step train of run 20211004T162100Z-4k7q2m9xt6bw",
      "look at that one: npx millrace run 20211004T162100Z-4k7q2m9xt6bw",
    ]);
  });
});

test("an approval shows who gave it and why; a rejection is shown as its error", () => {
  const at = "2021-10-04T16:21:00.000Z";
  const line = (overrides: Partial<StepView>) =>
    runScreen(aRunView([aStepView("sign_off", { kind: "approval", ...overrides })]), 100).split("\n")[4];
  const yes = { approved: true, by: "ana", at };
  expect(line({ state: "SUCCEEDED", answers: [{ ...yes, comment: "R² is fine" }] })).toMatch(
    /approved by ana: R² is fine$/,
  );
  const no = { approved: false, by: "ben", at, index: 0 };
  expect(line({ state: "FAILED", answers: [no, { ...yes, index: 2 }] })).toMatch(/ \[2\] approved by ana$/);
});

describe("a run that has not begun", () => {
  const lines = (overrides: Partial<RunView>) =>
    runScreen(aRunView([aStepView("train_model")], overrides), 80)
      .split("\n")
      .slice(3, -2);
  const holders = ["r1", "r2", "r3", "r4"];

  test("names each full limit and the holders of its slots", () => {
    const waitsFor = [
      { limit: "pipeline/train", slots: 0, holders: [] },
      { limit: "queue/gpu", slots: 4, holders },
    ];
    expect(lines({ state: "QUEUED", waitsFor })).toEqual([
      "waits for a slot of pipeline/train, which is paused; and of queue/gpu: 4 of 4",
      "held by r1, r2, 2 more",
      "who waits there, in order: npx millrace queues ridge-sweep",
    ]);
  });

  test("is shown as starting if no limit is full, or as waiting for its time", () => {
    const [soon] = lines({ state: "QUEUED", waitsFor: [] });
    expect(soon).toBe("there is a slot for it: it is about to begin");
    expect(lines({ state: "SCHEDULED" })).toEqual(["waits for its time, 2021-10-04T16:21:00Z"]);
  });
});

test.each([80, 120])("no line is wider than a terminal of %d columns", (width) => {
  const errors = [{ name: "E", message: `long ${"words that wrap ".repeat(20)}${"x".repeat(150)}` }];
  const screen = runScreen(aRunView([running, aStepView("pick", { state: "FAILED", errors })]), width);
  expect(Math.max(...screen.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
});

describe("without a terminal", () => {
  function shown(...views: RunView[]): string[] {
    const lines: string[] = [];
    const display = lineDisplay((line) => lines.push(line));
    for (const view of views) display.show(view);
    return lines;
  }

  test("prints a line for each change, and nothing without a change", () => {
    const waiting = aStepView("train_model");
    const lines = shown(
      aRunView([waiting], { milliseconds: 0 }),
      aRunView([waiting], { milliseconds: 1000 }),
      aRunView([running], { milliseconds: 2000 }),
      aRunView([running], { milliseconds: 3000 }),
    );
    expect(lines).toEqual([
      "16:21:00  run 20211004T162100Z-000000000001 of ridge-sweep: RUNNING",
      "16:21:02  train_model  running  4/6 done, 2 running, attempt 2",
    ]);
  });

  test("a wait is a line, once for each change of what the run waits for", () => {
    const waits = (holder: string) =>
      aRunView([aStepView("a")], {
        ...{ state: "QUEUED", milliseconds: 0 },
        waitsFor: [{ limit: "queue/gpu", slots: 1, holders: [holder] }],
      });
    expect(shown(waits("r1"), waits("r1"), waits("r2")).slice(1)).toEqual([
      "16:21:00  waits for a slot of queue/gpu: 1 of 1 held by r1",
      "16:21:00  waits for a slot of queue/gpu: 1 of 1 held by r2",
    ]);
  });

  test("the run's end is the last line, with its duration", () => {
    const end = aRunView([running], { state: "FAILED", endedAt: "2021-10-04T16:21:12.300Z" });
    expect(shown(aRunView([running]), end).at(-1)).toMatch(/: FAILED after 12\.3 s$/);
  });

  test("prints the end of a run that had already ended", () => {
    const end = aRunView([aStepView("a", { state: "SUCCEEDED" })], {
      state: "SUCCEEDED",
      endedAt: "2021-10-04T16:21:12.300Z",
    });
    expect(shown(end)).toEqual([
      "16:21:12  run 20211004T162100Z-000000000001 of ridge-sweep: SUCCEEDED after 12.3 s",
      "16:21:12  a  succeeded",
    ]);
  });
});
