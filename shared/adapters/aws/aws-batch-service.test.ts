import { type BatchClient, ClientException, type ServiceInputTypes } from "@aws-sdk/client-batch";
import { JobRejectedError, type JobSubmission } from "../../ports/batch-service.ts";
import { awsBatchService } from "./aws-batch-service.ts";

const queues = { cpu: "arn:cpu", gpu: "arn:gpu" };
const job: JobSubmission = {
  name: "run-fit-0-1-1",
  family: "ridge",
  command: ["python", "-m", "ridge", "fit"],
  environment: {
    MILLRACE_RUN_ID: "run",
    MILLRACE_STEP: "fit",
    MILLRACE_PIPELINE: "ridge-sweep",
    MILLRACE_TAGS: "a b",
    OTHER: "",
  },
  resources: { vcpus: 0.5, memory: 512, gpus: 0, queue: "cpu" },
  timeout: 90.2,
};

/** A service whose client answers each call with `answer`, and the calls that it made. */
function serviceAnswering(answer: (command: string, input: ServiceInputTypes) => object) {
  const calls: { command: string; input: ServiceInputTypes }[] = [];
  const send = async (command: { constructor: { name: string }; input: ServiceInputTypes }) => {
    calls.push({ command: command.constructor.name, input: command.input });
    return answer(command.constructor.name, command.input);
  };
  const client = { send } as unknown as BatchClient;
  return { batch: awsBatchService(client, { queues, definitionPrefix: "millrace-dev-" }), calls };
}
const refused = (message: string) => new ClientException({ message, $metadata: {} });

test("a job is submitted with everything that its container needs, tagged by run and step", async () => {
  const { batch, calls } = serviceAnswering(() => ({ jobId: "id" }));
  expect(await batch.submit(job)).toBe("id");
  expect(calls[0]?.input).toEqual({
    jobName: "run-fit-0-1-1",
    jobQueue: "arn:cpu",
    jobDefinition: "millrace-dev-ridge",
    containerOverrides: {
      command: ["python", "-m", "ridge", "fit"],
      environment: [
        { name: "MILLRACE_RUN_ID", value: "run" },
        { name: "MILLRACE_STEP", value: "fit" },
        { name: "MILLRACE_PIPELINE", value: "ridge-sweep" },
        { name: "MILLRACE_TAGS", value: "a b" },
        { name: "OTHER", value: "" },
      ],
      resourceRequirements: [
        { type: "VCPU", value: "0.5" },
        { type: "MEMORY", value: "512" },
      ],
    },
    timeout: { attemptDurationSeconds: 91 },
    tags: {
      "millrace:run": "run",
      "millrace:step": "fit",
      "millrace:pipeline": "ridge-sweep",
      "millrace:tags": "a b",
    },
    propagateTags: true,
  });
});

test("Batch's own retries are requested with rules for the failures that they apply to", async () => {
  const { batch, calls } = serviceAnswering(() => ({ jobId: "id" }));
  await batch.submit({ ...job, tries: 2 });
  // No match means another try, so the last rule has to end a job that fails by itself.
  expect(calls[0]?.input).toMatchObject({
    retryStrategy: {
      attempts: 2,
      evaluateOnExit: expect.arrayContaining([
        { onStatusReason: "Host EC2*", action: "RETRY" },
        { onReason: "*", action: "EXIT" },
      ]),
    },
  });
});

test("GPUs and the size of an array are requested only if there are any", async () => {
  const { batch, calls } = serviceAnswering(() => ({ jobId: "id" }));
  await batch.submit({ ...job, arraySize: 7, resources: { ...job.resources, gpus: 2, queue: "gpu" } });
  expect(calls[0]?.input).toMatchObject({ jobQueue: "arn:gpu", arrayProperties: { size: 7 } });
  expect(calls[0]?.input).toMatchObject({
    containerOverrides: { resourceRequirements: expect.arrayContaining([{ type: "GPU", value: "2" }]) },
  });
});

test("a job that Batch rejects, or one for an unknown queue, is rejected for good", async () => {
  const { batch, calls } = serviceAnswering(() => {
    throw refused("JobDefinition does not exist");
  });
  await expect(batch.submit(job)).rejects.toThrow(JobRejectedError);
  const other = { ...job, resources: { ...job.resources, queue: "toString" } };
  await expect(batch.submit(other)).rejects.toThrow('no job queue "toString"; this stage has cpu, gpu');
  expect(calls).toHaveLength(1);
});

test("a submission that fails with a server error is not rejected for good", async () => {
  const { batch } = serviceAnswering(() => {
    throw Object.assign(new Error("busy"), { name: "ServerException" });
  });
  await expect(batch.submit(job)).rejects.toMatchObject({ name: "ServerException" });
});

test("jobs are found by their exact name, over all pages", async () => {
  const { batch, calls } = serviceAnswering((_, input) =>
    "nextToken" in input
      ? {
          jobSummaryList: [
            { jobId: "3", jobName: "Name" },
            { jobId: "4", jobName: "name" },
          ],
        }
      : {
          jobSummaryList: [
            { jobId: "1", jobName: "name" },
            { jobId: "2", jobName: "NAME" },
          ],
          nextToken: "2",
        },
  );
  expect(await batch.findByName("name", "cpu")).toEqual(["1", "4"]);
  const filters = [{ name: "JOB_NAME", values: ["name"] }];
  expect(calls.map(({ input }) => input)).toEqual([
    { jobQueue: "arn:cpu", filters },
    { jobQueue: "arn:cpu", filters, nextToken: "2" },
  ]);
});

describe("a queue serves", () => {
  /** Whether a queue is serving, given the jobs that Batch lists for each state and the states of their children. */
  const serving = (jobs: Record<string, object[]>, children: Record<string, Record<string, number>> = {}) => {
    const { batch } = serviceAnswering((_, input) =>
      "jobs" in input
        ? { jobs: input.jobs?.map((id) => ({ jobId: id, arrayProperties: { statusSummary: children[id] } })) }
        : { jobSummaryList: jobs["jobStatus" in input ? (input.jobStatus ?? "RUNNING") : "RUNNING"] },
    );
    return batch.isServing("cpu");
  };
  const array = { jobId: "a", arrayProperties: { size: 3 } };

  test.each([
    ["while a job runs", { RUNNING: [{ jobId: "1" }] }, {}, true],
    ["while a job starts", { STARTING: [{ jobId: "1" }] }, {}, true],
    ["not while jobs only wait", { RUNNABLE: [{ jobId: "1" }], PENDING: [{ jobId: "2" }] }, {}, false],
    ["while a child of an array runs", { PENDING: [array] }, { a: { RUNNABLE: 2, RUNNING: 1 } }, true],
    ["while a child of an array starts", { PENDING: [array] }, { a: { STARTING: 1 } }, true],
    ["not while an array's children wait", { PENDING: [array] }, { a: { RUNNABLE: 3, RUNNING: 0 } }, false],
  ])("%s", async (_what, jobs, children, expected) => {
    expect(await serving(jobs, children)).toBe(expected);
  });
});

test("jobs are described a hundred at a time, and none without a call", async () => {
  const { batch, calls } = serviceAnswering((_, input) => ({
    jobs: ("jobs" in input ? input.jobs : [])?.map((jobId) => ({ jobId, jobName: "n", status: "RUNNING" })),
  }));
  const ids = Array.from({ length: 230 }, (_, index) => String(index));
  expect((await batch.describe(ids)).map(({ id }) => id)).toEqual(ids);
  expect(calls.map(({ input }) => "jobs" in input && input.jobs?.length)).toEqual([100, 100, 30]);
  expect(await batch.describe([])).toEqual([]);
  expect(calls).toHaveLength(3);
});

test("terminating an unknown job is no error; a refusal to terminate a known job is", async () => {
  let known: object[] = [];
  const { batch } = serviceAnswering((command) => {
    if (command === "DescribeJobsCommand") return { jobs: known };
    throw refused("no");
  });
  await batch.terminate("id", "cancelled");
  known = [{ jobId: "id", jobName: "n", status: "RUNNING" }];
  await expect(batch.terminate("id", "cancelled")).rejects.toThrow(ClientException);
});
