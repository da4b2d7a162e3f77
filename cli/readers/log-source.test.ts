import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { localLogFile } from "./local-logs.ts";
import { localJobLines } from "./log-source.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("on the local stack a log is a file, and a plain-text line has the time of the line before it", () => {
  const log = "/aws/batch/job:d/default/t1";
  const file = localLogFile(folder, log);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'first\n{"message":"second","timestamp":"1970-01-01T00:00:07Z"}\n\nthird\n');
  const logs = [
    { log, at: 5000, step: "train" },
    { log: "/aws/batch/job:d/default/not-begun", at: 0, step: "train" },
  ];
  const linesFrom = (from: number) =>
    localJobLines(folder, logs, from).map(({ message, at }) => [message, at]);
  expect(linesFrom(0)).toEqual([
    ["first", 5000],
    ["second", 7000],
    ["third", 7000],
  ]);
  expect(linesFrom(6000)).toEqual([
    ["second", 7000],
    ["third", 7000],
  ]);
});
