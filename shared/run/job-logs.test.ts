import { aRun } from "../../test/factories.ts";
import type { StepRecord } from "../state/step-record.ts";
import { jobLogsOf } from "./job-logs.ts";

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
