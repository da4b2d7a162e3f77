import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DescribeJobsCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { behave, misbehave, misbehaviours } from "./misbehave.ts";
import { BatchFixture } from "./testing/batch-fixture.ts";
import { until } from "./testing/until.ts";

let batch: BatchFixture;
beforeAll(async () => {
  batch = await BatchFixture.start();
});
afterAll(() => batch.stop());
afterEach(() => behave(batch.endpoint));

const retryOnHost = {
  attempts: 3,
  evaluateOnExit: [
    { action: "RETRY" as const, onStatusReason: "Host EC2*" },
    { action: "EXIT" as const, onReason: "*" },
  ],
};

/** The reported statuses of a job, after its last event arrived. */
async function statusesOf(jobId: string, last = "SUCCEEDED"): Promise<string[]> {
  await batch.ended(jobId);
  await until(`${last} is told`, () => batch.sink.statuses(jobId).includes(last));
  await until("nothing is left to deliver", async () => {
    const response = await fetch(`${batch.endpoint}/_local/health`);
    return ((await response.json()) as { pendingEvents: number }).pendingEvents === 0;
  });
  return batch.sink.statuses(jobId);
}

describe("events go wrong on request:", () => {
  it("an event is delivered twice", async () => {
    await misbehave(batch.endpoint, [{ kind: "duplicate-event", status: "SUCCEEDED", jobName: "twice" }]);
    const id = await batch.submit("true", { jobName: "twice" });
    expect(await statusesOf(id)).toEqual(["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "SUCCEEDED"]);
  });

  it("an event is delivered after the next one", async () => {
    await misbehave(batch.endpoint, [{ kind: "reorder-events", status: "RUNNING", jobName: "swapped" }]);
    const id = await batch.submit("true", { jobName: "swapped" });
    await statusesOf(id);
    expect(await statusesOf(id, "RUNNING")).toEqual(["RUNNABLE", "STARTING", "SUCCEEDED", "RUNNING"]);
  });

  it("an event is lost", async () => {
    await misbehave(batch.endpoint, [{ kind: "drop-event", status: "RUNNING", jobName: "dropped" }]);
    const id = await batch.submit("true", { jobName: "dropped" });
    expect(await statusesOf(id)).toEqual(["RUNNABLE", "STARTING", "SUCCEEDED"]);
  });

  it("an event is late", async () => {
    await misbehave(batch.endpoint, [
      { kind: "delay-event", status: "SUCCEEDED", jobName: "late", delayMs: 300 },
    ]);
    const id = await batch.submit("true", { jobName: "late" });
    const { stoppedAt = Number.NaN } = await batch.ended(id);
    await statusesOf(id);
    expect(Date.now() - stoppedAt).toBeGreaterThanOrEqual(300);
  });
});

describe("machines go wrong on request:", () => {
  it("a Spot interruption kills the process, leaves no exit code, and Batch's own retry follows", async () => {
    await misbehave(batch.endpoint, [{ kind: "spot-interruption", attempt: 1, jobName: "spot" }]);
    const id = await batch.submit('test "$AWS_BATCH_JOB_ATTEMPT" = 2 || sleep 300', {
      jobName: "spot",
      retryStrategy: retryOnHost,
    });
    const job = await batch.ended(id);
    expect(job.status).toBe("SUCCEEDED");
    expect(job.attempts?.[0]?.statusReason).toMatch(/^Host EC2 \(instance i-0[0-9a-f]{16}\) terminated\.$/);
    expect(job.attempts?.[0]?.container).not.toHaveProperty("exitCode");
    expect(await statusesOf(id)).toEqual(
      ["RUNNABLE", "STARTING", "RUNNING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"], // AWS: back to RUNNABLE
    );
  });

  it("a killed process loses its temporary folder", async () => {
    await misbehave(batch.endpoint, [
      { kind: "spot-interruption", attempt: 1, jobName: "untidy", whenLogged: "written" },
    ]);
    const script =
      'echo "$TMPDIR"; echo x > "$TMPDIR/left"; echo written; test "$AWS_BATCH_JOB_ATTEMPT" = 2 || sleep 300';
    const job = await batch.ended(
      await batch.submit(script, { jobName: "untidy", retryStrategy: retryOnHost }),
    );
    const folders = await Promise.all([1, 2].map((attempt) => batch.log(job, attempt)));
    const [first = "", second = ""] = folders.map((text) => text.split("\n")[0]);
    expect(first).toContain(batch.stateDir);
    expect(second).not.toBe(first);
    expect([first, second].map((folder) => existsSync(folder))).toEqual([false, false]);
  });

  it("out of memory is exit code 137 with its reason", async () => {
    await misbehave(batch.endpoint, [{ kind: "out-of-memory", jobName: "big" }]);
    const job = await batch.ended(await batch.submit("sleep 300", { jobName: "big" }));
    expect(job).toMatchObject({
      status: "FAILED",
      statusReason: "Essential container in task exited",
      container: { exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" },
    });
  });

  it.each([
    ["spot-interruption", /^Host EC2/],
    ["out-of-memory", /^Essential container/],
  ] as const)("%s occurs only after the attempt's first output", async (kind, statusReason) => {
    const go = path.join(batch.stateDir, `go-${kind}`);
    const jobName = `half-done-${kind}`;
    await misbehave(batch.endpoint, [{ kind, jobName, whenLogged: "half done" }]);
    const script = `echo begun; while [ ! -e ${go} ]; do sleep 0.02; done; echo half done; sleep 300`;
    const id = await batch.submit(script, { jobName });
    const running = await batch.reached(id, "RUNNING");
    await until("it has begun", async () => (await batch.log(running)).includes("begun"));
    writeFileSync(go, "");
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: "FAILED", statusReason: expect.stringMatching(statusReason) });
    expect(await batch.log(job)).toBe("begun\nhalf done\n");
  });

  it("an attempt without output meets no fault", async () => {
    await misbehave(batch.endpoint, [{ kind: "spot-interruption", jobName: "silent", whenLogged: "a word" }]);
    const id = await batch.submit("echo none", { jobName: "silent" });
    expect(await batch.ended(id)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("a process killed from outside is 137 without that reason", async () => {
    const job = await batch.ended(await batch.submit("kill -9 $$"));
    expect(job).toMatchObject({ status: "FAILED", container: { exitCode: 137 } });
    expect(job.container).not.toHaveProperty("reason");
  });

  it("an image that can't be pulled fails the attempt before it runs", async () => {
    await misbehave(batch.endpoint, [{ kind: "pull-failure", jobName: "pull" }]);
    const job = await batch.ended(await batch.submit("true", { jobName: "pull" }));
    expect(job).toMatchObject({ status: "FAILED", statusReason: "Task failed to start" });
    expect(job.container?.reason).toMatch(/^CannotPullContainerError: /);
    expect(job).not.toHaveProperty("startedAt");
  });

  it("a job stuck in RUNNABLE stays there while others run, and can be terminated", async () => {
    await misbehave(batch.endpoint, [{ kind: "stuck-runnable", jobName: "stuck" }]);
    const id = await batch.submit("true", { jobName: "stuck" });
    await batch.ended(await batch.submit("true"));
    expect(await batch.job(id)).toMatchObject({ status: "RUNNABLE" });
    await batch.client.send(new TerminateJobCommand({ jobId: id, reason: "too long" }));
    expect(await batch.job(id)).toMatchObject({ status: "FAILED", statusReason: "too long" });
  });

  it("a stuck job continues after the fault is removed", async () => {
    await misbehave(batch.endpoint, [{ kind: "stuck-runnable", jobName: "freed" }]);
    const id = await batch.submit("true", { jobName: "freed" });
    await behave(batch.endpoint);
    expect(await batch.ended(id)).toMatchObject({ status: "SUCCEEDED" });
  });
});

describe("the API goes wrong on request:", () => {
  const submission = { jobQueue: "cpu", jobDefinition: "shell" };

  it.each([["server-error"], ["cut-connection"]] as const)(
    "a submission takes effect and its answer is lost (%s)",
    async (loss) => {
      const jobName = `lost-${loss}`;
      await misbehave(batch.endpoint, [{ kind: "lose-submit-response", jobName, loss, times: 1 }]);
      await expect(batch.client.send(new SubmitJobCommand({ ...submission, jobName }))).rejects.toThrow();
      await until("the job runs all the same", () =>
        batch.sink.events.some((event) => event.jobName === jobName && event.status === "SUCCEEDED"),
      );
    },
  );

  it("a throttled request has no effect and says so", async () => {
    await misbehave(batch.endpoint, [{ kind: "throttle", operation: "SubmitJob", times: 1 }]);
    await expect(
      batch.client.send(new SubmitJobCommand({ ...submission, jobName: "throttled" })),
    ).rejects.toMatchObject({ name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } });
    await batch.client.send(new DescribeJobsCommand({ jobs: ["other operations go on"] }));
    expect(await misbehaviours(batch.endpoint)).toMatchObject([{ kind: "throttle", hits: 1 }]);
    expect(batch.sink.events.filter((event) => event.jobName === "throttled")).toEqual([]);
  });

  it("an invalid rule is refused, naming the field", async () => {
    await expect(misbehave(batch.endpoint, [{ kind: "drop-event", probability: 2 }])).rejects.toThrow(
      "probability",
    );
  });
});
