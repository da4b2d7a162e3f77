import { writeFileSync } from "node:fs";
import path from "node:path";
import {
  BatchClient,
  CancelJobCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { commandLineOf } from "../process/alive.mjs";
import { BatchFixture } from "./testing/batch-fixture.ts";
import { until } from "./testing/until.ts";

let batch: BatchFixture;
beforeAll(async () => {
  batch = await BatchFixture.start();
});
afterAll(() => batch.stop());

describe("a job", () => {
  it("runs its command with its own environment and the variables of AWS Batch, and none of the server's", async () => {
    const id = await batch.submit('echo "$FROM_DEFINITION $FROM_SUBMISSION $OMP_NUM_THREADS"; env', {
      containerOverrides: {
        environment: [{ name: "FROM_SUBMISSION", value: "too" }],
        resourceRequirements: [{ type: "VCPU", value: "2" }],
      },
    });
    const job = await batch.ended(id);
    const log = await batch.log(job);
    expect(log.split("\n")[0]).toBe("yes too 2");
    expect(log).toContain(`AWS_BATCH_JOB_ID=${id}\n`);
    expect(log).toContain("AWS_BATCH_JOB_ATTEMPT=1\n");
    expect(log).toContain(`AWS_ENDPOINT_URL=${batch.sink.endpoint}\n`);
    expect(log).not.toContain("JEST_WORKER_ID");
    expect(job.container?.logStreamName).toMatch(/^shell\/default\/[0-9a-f]{32}$/);
  });

  it("that exits with 0 succeeds as on AWS, with an event for each state", async () => {
    const id = await batch.submit("true");
    const job = await batch.ended(id);
    expect(job).toMatchObject({
      status: "SUCCEEDED",
      statusReason: "Essential container in task exited",
      container: { exitCode: 0 },
      attempts: [{ container: { exitCode: 0 }, statusReason: "Essential container in task exited" }],
    });
    expect(job.startedAt).toBeGreaterThanOrEqual(job.createdAt ?? Number.NaN);
    expect(job.stoppedAt).toBeGreaterThanOrEqual(job.startedAt ?? Number.NaN);
    await until("all events came", () => batch.sink.statuses(id).length === 4);
    expect(batch.sink.statuses(id)).toEqual(["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
  });

  it("that exits with 3 fails with that code and isn't retried by default", async () => {
    const job = await batch.ended(await batch.submit("exit 3"));
    expect(job).toMatchObject({
      status: "FAILED",
      statusReason: "Essential container in task exited",
      container: { exitCode: 3 },
    });
    expect(job.attempts).toHaveLength(1);
  });

  it("gets parameters in place of Ref:: words", async () => {
    const { jobId } = await batch.client.send(
      new SubmitJobCommand({
        jobName: "ref",
        jobQueue: "cpu",
        jobDefinition: "shell",
        parameters: { what: "this" },
        containerOverrides: { command: ["echo", "Ref::what", "Ref::unknown"] },
      }),
    );
    expect(await batch.log(await batch.ended(String(jobId)))).toBe("this Ref::unknown\n");
  });

  it("ends together with its background processes, as a container does", async () => {
    const job = await batch.ended(await batch.submit("sleep 300 & echo $!"));
    const pid = Number(await batch.log(job));
    await until("the process is gone", () => !alive(pid));
  });
});

/** Unlike a signal 0, this doesn't mistake a zombie for a live process. */
const alive = (pid: number) => commandLineOf(pid) !== undefined;

describe("a retry strategy", () => {
  it("starts another attempt, which knows its number", async () => {
    const id = await batch.submit('test "$AWS_BATCH_JOB_ATTEMPT" = 3 || exit 9', {
      retryStrategy: { attempts: 3 },
    });
    const job = await batch.ended(id);
    expect(job.status).toBe("SUCCEEDED");
    expect(job.attempts?.map((attempt) => attempt.container?.exitCode)).toEqual([9, 9, 0]);
  });

  it("stops where its rule says EXIT", async () => {
    const evaluateOnExit = [{ action: "EXIT" as const, onExitCode: "9" }];
    const job = await batch.ended(
      await batch.submit("exit 9", { retryStrategy: { attempts: 3, evaluateOnExit } }),
    );
    expect(job).toMatchObject({ status: "FAILED" });
    expect(job.attempts).toHaveLength(1);
  });

  it("of the definition applies if the submission has none", async () => {
    await batch.client.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: "again",
        type: "container",
        retryStrategy: { attempts: 2 },
        containerProperties: { image: "none", command: ["false"] },
      }),
    );
    const { jobId } = await batch.client.send(
      new SubmitJobCommand({ jobName: "again", jobQueue: "cpu", jobDefinition: "again" }),
    );
    expect((await batch.ended(String(jobId))).attempts).toHaveLength(2);
  });
});

describe("ending a job", () => {
  it("a time-out ends the process and isn't retried", async () => {
    const id = await batch.submit("sleep 300", {
      timeout: { attemptDurationSeconds: 1 },
      retryStrategy: { attempts: 3 },
    });
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: "FAILED", statusReason: "Job attempt duration exceeded timeout" });
    expect(job.attempts).toHaveLength(1);
  });

  it("TerminateJob ends a process that ignores SIGTERM, with the given reason and no retry", async () => {
    const id = await batch.submit('trap "" TERM; echo $$; while :; do sleep 0.05; done', {
      retryStrategy: { attempts: 3 },
    });
    const running = await batch.reached(id, "RUNNING");
    const pid = await until(
      "the job says its pid",
      async () => Number(await batch.log(running)) || undefined,
    );
    expect(alive(pid)).toBe(true);
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: "Run cancelled" }));
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: "FAILED", statusReason: "Run cancelled", isTerminated: true });
    expect(job.attempts).toHaveLength(1);
    expect(alive(pid)).toBe(false);
  });

  it("TerminateJob right after the submission ends it too", async () => {
    for (let i = 0; i < 10; i++) {
      const id = await batch.submit("sleep 300");
      await batch.client.send(new TerminateJobCommand({ jobId: id, reason: "at once" }));
      expect(await batch.ended(id)).toMatchObject({ status: "FAILED", statusReason: "at once" });
    }
  });

  it("CancelJob doesn't change a running job, and still succeeds", async () => {
    const go = path.join(batch.stateDir, "go");
    const id = await batch.submit(`while [ ! -e ${go} ]; do sleep 0.02; done`);
    await batch.reached(id, "RUNNING");
    await batch.client.send(new CancelJobCommand({ jobId: id, reason: "too late" }));
    writeFileSync(go, "");
    expect(await batch.ended(id)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("CancelJob ends a job that hasn't started", async () => {
    const first = await batch.submit("sleep 300");
    const dependant = await batch.submit("true", { dependsOn: [{ jobId: first }] });
    expect(await batch.job(dependant)).toMatchObject({ status: "PENDING" });
    await batch.client.send(new CancelJobCommand({ jobId: dependant, reason: "not wanted" }));
    expect(await batch.ended(dependant)).toMatchObject({ status: "FAILED", statusReason: "not wanted" });
    await batch.client.send(new TerminateJobCommand({ jobId: first, reason: "done" }));
  });
});

describe("dependencies", () => {
  it("a job starts after the jobs that it depends on, and fails if one of them fails", async () => {
    const good = await batch.submit("sleep 0.1");
    const bad = await batch.submit("exit 1");
    const after = await batch.ended(await batch.submit("true", { dependsOn: [{ jobId: good }] }));
    expect(after.startedAt).toBeGreaterThanOrEqual((await batch.job(good)).stoppedAt ?? Number.NaN);
    expect(await batch.ended(await batch.submit("true", { dependsOn: [{ jobId: bad }] }))).toMatchObject({
      status: "FAILED",
      attempts: [],
    });
  });
});

describe("array jobs", () => {
  it("each child knows its index, and the parent succeeds with the last of them", async () => {
    const id = await batch.submit('echo "$AWS_BATCH_JOB_ARRAY_INDEX"', { arrayProperties: { size: 5 } });
    const parent = await batch.ended(id);
    expect(parent).toMatchObject({
      status: "SUCCEEDED",
      arrayProperties: { size: 5, statusSummary: { SUCCEEDED: 5, RUNNING: 0 } },
    });
    const children = [0, 1, 2, 3, 4].map((index) => `${id}:${index}`);
    const { jobs } = await batch.client.send(new DescribeJobsCommand({ jobs: children }));
    expect(await Promise.all((jobs ?? []).map((job) => batch.log(job)))).toEqual([
      "0\n",
      "1\n",
      "2\n",
      "3\n",
      "4\n",
    ]);
    expect(jobs?.map((job) => job.arrayProperties?.index)).toEqual([0, 1, 2, 3, 4]);
  });

  it("one failed child fails the parent, after all have ended", async () => {
    const id = await batch.submit('test "$AWS_BATCH_JOB_ARRAY_INDEX" != 1', { arrayProperties: { size: 3 } });
    expect(await batch.ended(id)).toMatchObject({
      status: "FAILED",
      statusReason: "Array Child Job failed",
      arrayProperties: { statusSummary: { SUCCEEDED: 2, FAILED: 1 } },
    });
  });

  it("terminating the parent terminates every child", async () => {
    const id = await batch.submit("sleep 300", { arrayProperties: { size: 20 } });
    await batch.reached(`${id}:0`, "RUNNING");
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: "stop" }));
    expect(await batch.ended(id)).toMatchObject({ arrayProperties: { statusSummary: { FAILED: 20 } } });
    expect(await batch.job(`${id}:19`)).toMatchObject({ statusReason: "stop" });
  });

  it("ten thousand children are taken and listed by page", async () => {
    const { jobId } = await batch.client.send(
      new SubmitJobCommand({
        jobName: "wide",
        jobQueue: "cpu",
        jobDefinition: "shell",
        containerOverrides: { command: ["sleep", "300"] },
        arrayProperties: { size: 10_000 },
      }),
    );
    const page = await batch.client.send(new ListJobsCommand({ arrayJobId: jobId, jobStatus: "RUNNABLE" }));
    expect(page.jobSummaryList).toHaveLength(100);
    expect(page.nextToken).toBeDefined();
    await batch.client.send(new TerminateJobCommand({ jobId, reason: "enough" }));
    await batch.ended(String(jobId));
  });
});

describe("ListJobs", () => {
  it("finds jobs of any state by name, and by a prefix of the name", async () => {
    const ids = [];
    for (const jobName of ["list-a", "list-b", "other"]) ids.push(await batch.submit("true", { jobName }));
    await Promise.all(ids.map((id) => batch.ended(id)));
    const names = async (value: string) => {
      const filters = [{ name: "JOB_NAME", values: [value] }];
      const { jobSummaryList } = await batch.client.send(new ListJobsCommand({ jobQueue: "cpu", filters }));
      return jobSummaryList?.map((job) => job.jobName);
    };
    expect(await names("list-a")).toEqual(["list-a"]);
    expect(await names("LIST-*")).toEqual(["list-b", "list-a"]);
    expect(await names("none")).toEqual([]);
  });

  it("pages by maxResults and nextToken", async () => {
    const all = [];
    for (const i of [1, 2, 3]) all.push(await batch.submit("true", { jobName: `page-${i}` }));
    const request = { jobQueue: "cpu", filters: [{ name: "JOB_NAME", values: ["page-*"] }], maxResults: 2 };
    const first = await batch.client.send(new ListJobsCommand(request));
    const second = await batch.client.send(new ListJobsCommand({ ...request, nextToken: first.nextToken }));
    const found = [...(first.jobSummaryList ?? []), ...(second.jobSummaryList ?? [])].map((job) => job.jobId);
    expect(found.sort()).toEqual(all.sort());
    expect(second.nextToken).toBeUndefined();
  });
});

describe("refusals", () => {
  const base = { jobName: "job", jobQueue: "cpu", jobDefinition: "shell" };
  it.each([
    ["jobName", { ...base, jobName: "has a space" }],
    ["jobQueue", { ...base, jobQueue: "nowhere" }],
    ["jobDefinition", { ...base, jobDefinition: "unknown" }],
    ["arrayProperties.size", { ...base, arrayProperties: { size: 1 } }],
    [
      "containerOverrides.environment",
      { ...base, containerOverrides: { environment: [{ name: "AWS_BATCH_X" }] } },
    ],
    ["retryStrategy.attempts", { ...base, retryStrategy: { attempts: 11 } }],
  ])("a wrong %s is a ClientException that names it", async (field, input) => {
    const refused = batch.client.send(new SubmitJobCommand(input));
    await expect(refused).rejects.toMatchObject({
      name: "ClientException",
      $metadata: { httpStatusCode: 400 },
    });
    await expect(refused).rejects.toThrow(new RegExp(field, "i"));
  });

  it("a listing without a filter is refused", async () => {
    await expect(batch.client.send(new ListJobsCommand({}))).rejects.toMatchObject({
      name: "ClientException",
    });
  });

  it("unknown jobs are left out of a description", async () => {
    const { jobs } = await batch.client.send(new DescribeJobsCommand({ jobs: ["nobody"] }));
    expect(jobs).toEqual([]);
  });
});

describe("queues and definitions", () => {
  it("a definition's name refers to its newest active revision", async () => {
    const container = (command: string) => ({ image: "none", command: [command] });
    for (const command of ["false", "true"]) {
      await batch.client.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName: "revised",
          type: "container",
          containerProperties: container(command),
        }),
      );
    }
    const { jobDefinitions } = await batch.client.send(
      new DescribeJobDefinitionsCommand({ jobDefinitionName: "revised", status: "ACTIVE" }),
    );
    expect(jobDefinitions?.map((definition) => definition.revision)).toEqual([1, 2]);
    const { jobId } = await batch.client.send(
      new SubmitJobCommand({ jobName: "revised", jobQueue: "cpu", jobDefinition: "revised" }),
    );
    expect(await batch.ended(String(jobId))).toMatchObject({ status: "SUCCEEDED" });
    const { jobQueues } = await batch.client.send(new DescribeJobQueuesCommand({ jobQueues: ["cpu"] }));
    expect(jobQueues).toMatchObject([{ jobQueueName: "cpu", state: "ENABLED", status: "VALID" }]);
  });

  it("jobs run within the vCPUs, first in, first out", async () => {
    const narrow = await BatchFixture.start(1);
    try {
      const ids = [];
      for (let i = 0; i < 4; i++) ids.push(await narrow.submit("sleep 0.05"));
      const jobs = await Promise.all(ids.map((id) => narrow.ended(id)));
      for (const [i, job] of jobs.entries()) {
        const before = jobs[i - 1];
        if (before !== undefined)
          expect(job.startedAt).toBeGreaterThanOrEqual(before.stoppedAt ?? Number.NaN);
      }
    } finally {
      await narrow.stop();
    }
  });
});

it("the SDK's client works unmodified", () => {
  expect(batch.client).toBeInstanceOf(BatchClient);
});
