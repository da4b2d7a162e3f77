import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { StepRecord } from "../../shared/state/step-record.ts";
import { aRun } from "../../test/factories.ts";
import { localLogFile } from "./local-logs.ts";
import { jobLogsOf, localJobLines } from "./log-source.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = aRun({ startedAt: "2021-10-04T16:21:00Z" });
const facts = { runId: run.runId, step: "train", epoch: 1, failures: 0, startedAt: run.startedAt };
const had = { job: "j", vcpus: 1, memory: 2048, queue: "cpu" };

test("a run's logs include each attempt of its jobs once, running jobs too", () => {
  const records: StepRecord[] = [
    {
      ...{
        ...facts,
        index: 3,
        attempt: 2,
        holder: "jobs",
        state: "RUNNING",
        jobs: [{ id: "j2", name: "n" }],
      },
      ...{ runningSince: 5000, log: "/aws/batch/m:d/default/3" },
      jobAttempts: [
        {
          ...{ ...had, epoch: 1, attempt: 1, state: "FAILED" },
          tries: [
            { log: "/aws/batch/m:d/default/1", startedAt: 1000 },
            {},
            { log: "/aws/batch/m:d/default/2" },
          ],
        },
      ],
    },
    { ...facts, step: "clean", index: 0, attempt: 1, holder: "worker", state: "RUNNING", leaseUntil: 1 },
  ];
  const began = Date.parse(run.startedAt);
  expect(jobLogsOf(run, records)).toEqual([
    { step: "train", index: 3, attempt: "1.1", log: "/aws/batch/m:d/default/1", at: 1000 },
    { step: "train", index: 3, attempt: "1.1", log: "/aws/batch/m:d/default/2", at: began },
    { step: "train", index: 3, attempt: "1.2", log: "/aws/batch/m:d/default/3", at: 5000 },
  ]);
});

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
