import { MemoryFunctionInvoker } from "../adapters/memory/memory-function-invoker.ts";
import { functionJobs } from "../batch/function-jobs.ts";
import { jobEnvironment } from "../batch/job-environment.ts";
import { jobFailure } from "../batch/job-failure.ts";
import { functionQueue } from "../pipeline/job.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { completedReport, parseJobReport } from "./job-report.ts";

const startedAt = "2021-01-01T00:00:00.000Z";

/** The job that a message is about, completed. */
async function reported(engine: Engine, body: string): Promise<JobDetail> {
  const report = parseJobReport(body);
  if (report === undefined) throw new Error("the message is about no job");
  return completedReport(engine, report);
}

/** An engine with a call that has begun, and Lambda's report that its process ended. */
async function begun() {
  const { engine } = new MemoryEngine([]);
  const invoker = new MemoryFunctionInvoker();
  const batch = functionJobs({ objects: engine.objects, invoker, clock: engine.clock });
  const identity = { pipeline: "demo", runId: "20210101T000000Z-cbzdwfa7hs82", step: "fit", job: "demo.fit" };
  const output = engine.objects.locate("runs/demo/20210101T000000Z-cbzdwfa7hs82/fit/");
  const id = await batch.submit({
    ...{ name: "call", family: "demo", command: ["python", "-m", "demo", "fit"], timeout: 60 },
    environment: jobEnvironment({
      ...identity,
      epoch: 1,
      attempt: 1,
      indices: [0],
      input: `${output}in`,
      output,
    }),
    resources: { vcpus: 1, memory: 512, gpus: 0, queue: functionQueue },
  });
  const [call] = invoker.takeCalls();
  const put = (file: string, body: object) =>
    engine.objects.put(`${output}0/1.1/${file}`, JSON.stringify(body), "application/json");
  await put("_claim.json", { jobId: id, execution: "a", claimedAt: startedAt });
  const report = JSON.stringify({
    requestContext: { condition: "RetriesExhausted" },
    requestPayload: call,
    responseContext: { functionError: "Unhandled" },
    responsePayload: {
      errorType: "Runtime.ExitError",
      errorMessage: "Runtime exited with error: exit status 1",
    },
  });
  return { engine: { ...engine, batch }, put, report };
}

test("a process that ended has the times of its execution", async () => {
  const { engine, report } = await begun();
  const job = await reported(engine, report);
  expect(job).toMatchObject({
    state: "FAILED",
    startedAt: Date.parse(startedAt),
    stoppedAt: engine.clock.now(),
  });
  expect(jobFailure(job, undefined)).toMatchObject({ lostTo: "job" });
});

test("a process that ended itself because the job's time was over says so", async () => {
  const { engine, put, report } = await begun();
  const reason = "Job attempt duration exceeded timeout: 60 s";
  await put("_end.json", { exitCode: 124, reason, endedAt: "2021-01-01T00:01:00.000Z" });
  const job = await reported(engine, report);
  expect(jobFailure(job, undefined)).toMatchObject({ timedOut: true });
});

test("an event of AWS Batch is the job that it is about", async () => {
  const { engine } = await begun();
  const detail = { jobId: "id", jobName: "name", status: "RUNNABLE" };
  const body = JSON.stringify({ "detail-type": "Batch Job State Change", detail });
  expect(await reported(engine, body)).toMatchObject({ id: "id", state: "RUNNABLE" });
});
