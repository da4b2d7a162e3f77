import { jobDetail, parseJobEvent } from "./job-detail.ts";

/** The `detail` of an event as AWS Batch's user guide shows it, with an attempt that ended. */
const detail = {
  jobArn: "arn:aws:batch:us-east-1:123456789012:job/4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
  jobName: "event-test",
  jobId: "4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
  jobQueue: "arn:aws:batch:us-east-1:123456789012:job-queue/PexjEHappyPathCanary2JobQueue",
  status: "FAILED",
  statusReason: "Essential container in task exited",
  attempts: [
    {
      container: {
        exitCode: 137,
        reason: "OutOfMemoryError: Container killed",
        logStreamName: "a/default/1",
      },
    },
    {
      container: { exitCode: 1, logStreamName: "a/default/2" },
      startedAt: 5,
      stoppedAt: 6,
      statusReason: "exited",
    },
  ],
  createdAt: 1641944200058,
  startedAt: 1641944227000,
  stoppedAt: 1641944229000,
  retryStrategy: { attempts: 2, evaluateOnExit: [] },
  dependsOn: [],
  container: {
    image: "137112412989.dkr.ecr.us-west-2.amazonaws.com/amazonlinux:latest",
    command: ["sleep", "600"],
    environment: [{ name: "MILLRACE_STEP", value: "fit" }, { name: "EMPTY" }],
    resourceRequirements: [{ value: "2", type: "VCPU" }],
    logStreamName: "a/default/1",
    logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "/aws/batch/millrace-dev" } },
    exitCode: 137,
  },
  tags: { resourceArn: "arn:aws:batch:us-east-1:123456789012:job/x" },
  propagateTags: true,
  somethingNew: { from: "2031" },
};

test("the last attempt determines how a job ended", () => {
  expect(jobDetail.parse(detail)).toEqual({
    id: "4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
    name: "event-test",
    state: "FAILED",
    statusReason: "Essential container in task exited",
    exitCode: 1,
    logStream: "a/default/2",
    logGroup: "/aws/batch/millrace-dev",
    image: "137112412989.dkr.ecr.us-west-2.amazonaws.com/amazonlinux:latest",
    tries: [
      { logStream: "a/default/1", reason: "OutOfMemoryError: Container killed" },
      { logStream: "a/default/2", startedAt: 5, stoppedAt: 6, statusReason: "exited" },
    ],
    startedAt: 1641944227000,
    stoppedAt: 1641944229000,
    environment: { MILLRACE_STEP: "fit", EMPTY: "" },
  });
});

test("the container describes a running job, not earlier attempts", () => {
  const running = {
    ...detail,
    status: "RUNNING",
    attempts: detail.attempts.slice(0, 1),
    container: { ...detail.container, exitCode: null, logStreamName: "a/default/2" },
  };
  expect(jobDetail.parse(running)).toMatchObject({ state: "RUNNING", logStream: "a/default/2" });
  expect(jobDetail.parse(running)).not.toHaveProperty("exitCode");
});

test("a Spot interruption without an exit code has only a reason", () => {
  const statusReason = "Host EC2 (instance i-0123) terminated.";
  const { container: _container, ...spot } = { ...detail, statusReason, attempts: [{ container: {} }] };
  const job = jobDetail.parse(spot);
  expect(job).toMatchObject({ statusReason, environment: {} });
  expect(job).not.toHaveProperty("exitCode");
});

test("a null counts as absent", () => {
  const job = jobDetail.parse({
    jobId: "1",
    jobName: "n",
    status: "SUBMITTED",
    statusReason: null,
    attempts: null,
    container: null,
    arrayProperties: null,
  });
  expect(job).toEqual({ id: "1", name: "n", state: "SUBMITTED", environment: {} });
});

test("a child has its index, and an array its size", () => {
  const child = { ...detail, jobId: "1:7" };
  expect(jobDetail.parse({ ...child, arrayProperties: { index: 7 } })).toMatchObject({ arrayIndex: 7 });
  expect(jobDetail.parse(child)).toMatchObject({ arrayIndex: 7 });
  const array = jobDetail.parse({
    ...detail,
    arrayProperties: { size: 12, statusSummary: { RUNNABLE: 12 } },
  });
  expect(array).toMatchObject({ arraySize: 12 });
  expect(array).not.toHaveProperty("arrayIndex");
});

test("an event is parsed from the text that a queue delivers", () => {
  const event = { version: "0", "detail-type": "Batch Job State Change", source: "aws.batch", detail };
  expect(parseJobEvent(JSON.stringify(event))).toMatchObject({ id: detail.jobId, state: "FAILED" });
});

test.each([
  "",
  "{}",
  "null",
  JSON.stringify({ "detail-type": "Batch Job Queue Blocked", detail: {} }),
  JSON.stringify({ "detail-type": "Batch Job State Change", detail: { ...detail, status: "ASLEEP" } }),
])("a text that is no such event is refused: %s", (body) => {
  expect(() => parseJobEvent(body)).toThrow();
});
