import { parseLogLine } from "../../shared/wording/log-line.ts";
import { type LogStyle, logLineJson, logLineText } from "./log-line.ts";

const origin = { at: Date.parse("2021-10-04T16:21:00Z"), source: "step" };
const look: LogStyle = { numbers: new Map([["train", 0]]), mapped: new Set(["train"]), width: 8 };

const ofJob = {
  ...{
    level: "WARNING",
    message: "fitted",
    timestamp: "2021-10-04T16:21:01.500Z",
    alpha: 0.1,
    slope: 1.23456789,
  },
  ...{ pipeline: "p", run: "r1", step: "train", index: 2, jobId: "j", attempt: "1.2" },
};

test("a job's line shows message and figures with step, child and attempt", () => {
  const line = parseLogLine(JSON.stringify(ofJob), origin);
  expect(line).toEqual({
    ...{ source: "step", at: origin.at + 1500, level: "warn", message: "fitted", runId: "r1" },
    ...{ step: "train", index: 2, attempt: "1.2", fields: { alpha: 0.1, slope: 1.23456789 } },
  });
  expect(logLineText(line, look)).toBe("16:21:01.500  train[2] #1.2  WARN fitted  alpha=0.1 slope=1.23457");
});

test("fields that only describe the Lambda environment are hidden", () => {
  const written = {
    ...{ level: "INFO", message: "run started", service: "millrace", cold_start: true, function_name: "x" },
    ...{ sampling_rate: 0, runId: "r1", name: "of october" },
  };
  const line = parseLogLine(JSON.stringify(written), origin);
  expect(line.fields).toEqual({ name: "of october" });
  expect(logLineText(line, look)).toBe('16:21:00.000  run       run started  name="of october"');
});

test("an error is shown with the first lines of its stack", () => {
  const error = {
    name: "Error",
    message: "singular",
    stack: "Error: singular\n    at fit (a.ts:1)\n    at b",
  };
  const line = parseLogLine(
    JSON.stringify({ level: "ERROR", message: "step ended", step: "train", error }),
    origin,
  );
  const [first = "", ...stack] = logLineText(line, look).split("\n");
  expect(first).toBe("16:21:00.000  train[0]  ERROR step ended  Error: singular");
  expect(stack.map((each) => each.trim())).toEqual(["at fit (a.ts:1)", "at b"]);
});

test("a job's error is shown in full once, and only named where its step ends", () => {
  const message = "column hour: 3 values are no hours";
  const stack = [
    "Traceback (most recent call last):",
    '  File "/srv/ctr/jobs.py", line 31, in validate',
    "    check(table)",
    `millrace_job.errors.InvalidData: ${message}`,
  ];
  const ofTry = { step: "train", index: 0 };
  const lines = [
    { level: "ERROR", message, error: "InvalidData", retryable: false, stack, attempt: "1.1", ...ofTry },
    {
      level: "WARN",
      message: "step ended",
      error: { name: "InvalidData", message, stack },
      attempt: 1,
      ...ofTry,
    },
    { level: "WARN", message: "step ended", error: { name: "InvalidData", message }, attempt: 2, ...ofTry },
  ];
  const reported = new Set<string>();
  const texts = lines.map((line) => logLineText(parseLogLine(JSON.stringify(line), origin), look, reported));
  expect(texts.join("\n").split("\n")).toEqual([
    `16:21:00.000  train[0]  ERROR InvalidData: ${message}  retryable=false`,
    "              Traceback (most recent call last):",
    '                File "/srv/ctr/jobs.py", line 31, in validate',
    "                  check(table)",
    "16:21:00.000  train[0]  WARN step ended  InvalidData",
    `16:21:00.000  train[0] #2  WARN step ended  InvalidData: ${message}`,
  ]);
});

test("a numeric field named error is shown as a figure", () => {
  const line = parseLogLine(JSON.stringify({ level: "INFO", message: "fitted", error: "small" }), origin);
  expect(logLineText(line, look)).toBe("16:21:00.000  run       fitted  error=small");
});

test.each([
  "Traceback (most recent call last):",
  '{"half": ',
  '["a list"]',
  '{"no": "message"}',
  '{"message": 3}',
])("%s is shown unchanged, whatever log it is in", (text) => {
  const line = parseLogLine(text, { ...origin, step: "train", index: 1 });
  expect(line).toMatchObject({
    message: text.trimEnd(),
    step: "train",
    index: 1,
    level: "info",
    at: origin.at,
  });
});

test("a line as JSON is one object with its time", () => {
  const json = logLineJson(parseLogLine("two words", { ...origin, step: "train" }));
  expect(json).not.toContain("\n");
  expect(JSON.parse(json)).toEqual({
    ...{ time: "2021-10-04T16:21:00.000Z", source: "step", step: "train", level: "info" },
    ...{ message: "two words", fields: {} },
  });
});
