import { writeFileSync } from "node:fs";
import path from "node:path";
import { DescribeJobQueuesCommand } from "@aws-sdk/client-batch";
import { groupMembers } from "../process/alive.mjs";
import { signalGroup } from "../process/end.mjs";
import { BatchStore } from "./store.ts";
import { BatchFixture } from "./testing/batch-fixture.ts";
import { until } from "./testing/until.ts";

let batch: BatchFixture;
beforeEach(async () => {
  batch = await BatchFixture.start();
});
afterEach(() => batch.stop());

/** Submits a script that reports its wrapper's pid, and waits until it has. */
async function submitSayingGroup(script: string, attempts = 1): Promise<{ id: string; group: number }> {
  const id = await batch.submit(`echo $PPID; ${script}`, { retryStrategy: { attempts } });
  const running = await batch.reached(id, "RUNNING");
  const group = await until(
    "the job says its group",
    async () => Number(await batch.log(running)) || undefined,
  );
  return { id, group };
}

describe("a Batch server killed with SIGKILL and started again", () => {
  it("adopts a running job, and records its exit code", async () => {
    const go = path.join(batch.stateDir, "go");
    const { id, group } = await submitSayingGroup(`while [ ! -e ${go} ]; do sleep 0.02; done; exit 5`);
    await batch.endServer("SIGKILL");
    expect(groupMembers(group)).not.toEqual([]);
    await batch.startServer();
    expect(await batch.job(id)).toMatchObject({ status: "RUNNING" });
    writeFileSync(go, "");
    const job = await batch.ended(id);
    expect(job).toMatchObject({ status: "FAILED", container: { exitCode: 5 } });
    expect(job.attempts).toHaveLength(1);
  });

  it("records the exit code of a job that ended meanwhile, and reports its end", async () => {
    const { id, group } = await submitSayingGroup("sleep 0.2; exit 6");
    await batch.endServer("SIGKILL");
    await until("the job has ended", () => groupMembers(group).length === 0);
    await batch.startServer();
    expect(await batch.ended(id)).toMatchObject({ status: "FAILED", container: { exitCode: 6 } });
    await until("the end is told", () => batch.sink.statuses(id).includes("FAILED"));
  });

  it("treats a job whose process died with the server as a lost machine, and retries it", async () => {
    const { id, group } = await submitSayingGroup('test "$AWS_BATCH_JOB_ATTEMPT" = 2 || sleep 300', 2);
    await batch.endServer("SIGKILL");
    signalGroup(group, "SIGKILL");
    await batch.startServer();
    const job = await batch.ended(id);
    expect(job.status).toBe("SUCCEEDED");
    expect(job.attempts?.[0]?.statusReason).toMatch(/^Host EC2 .* terminated\.$/);
  });

  it("starts a job that it was about to start, as its first attempt", async () => {
    const id = await batch.submit("true");
    await batch.ended(id);
    await batch.endServer("SIGKILL");
    // The state after a kill between the decision and the start: STARTING, and a folder without a pid.
    const store = new BatchStore(batch.stateDir);
    const job = store.jobs().find((kept) => kept.jobId === id);
    if (job === undefined) throw new Error("not kept");
    const taskId = "0".repeat(32);
    store.saveJob({
      ...job,
      status: "STARTING",
      attempts: [],
      live: { taskId, directory: path.join(batch.stateDir, "attempts", taskId) },
    });
    store.close();
    await batch.startServer();
    expect(await batch.ended(id)).toMatchObject({
      status: "SUCCEEDED",
      attempts: [{ container: { exitCode: 0 } }],
    });
    expect((await batch.job(id)).attempts).toHaveLength(1);
  });

  it("still knows queues, waiting jobs, and how many run at once", async () => {
    const { id } = await submitSayingGroup("sleep 0.3");
    const waiting = await batch.submit("true", { dependsOn: [{ jobId: id }] });
    await batch.endServer("SIGKILL");
    await batch.startServer();
    const { jobQueues } = await batch.client.send(new DescribeJobQueuesCommand({}));
    expect(jobQueues?.map((queue) => queue.jobQueueName)).toEqual(["cpu"]);
    expect(await batch.ended(waiting)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("delivers events that weren't received yet", async () => {
    batch.sink.accepting = false;
    const id = await batch.submit("true");
    await batch.ended(id);
    await batch.endServer("SIGKILL");
    batch.sink.accepting = true;
    await batch.startServer();
    await until("all events came", () => batch.sink.statuses(id).length === 4);
    expect(batch.sink.statuses(id)).toEqual(["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
  });

  it("continues an array job", async () => {
    const id = await batch.submit("sleep 0.05", { arrayProperties: { size: 30 } });
    await batch.reached(`${id}:0`, "SUCCEEDED");
    await batch.endServer("SIGKILL");
    await batch.startServer();
    expect(await batch.ended(id)).toMatchObject({
      status: "SUCCEEDED",
      arrayProperties: { statusSummary: { SUCCEEDED: 30 } },
    });
  });
});

describe("a Batch server stopped with SIGTERM", () => {
  it("leaves no process of its jobs, and runs them again when it is started", async () => {
    const { id, group } = await submitSayingGroup('test "$AWS_BATCH_JOB_ATTEMPT" = 2 || sleep 300', 2);
    await batch.endServer("SIGTERM");
    expect(groupMembers(group)).toEqual([]);
    await batch.startServer();
    const job = await batch.ended(id);
    expect(job.status).toBe("SUCCEEDED");
    expect(job.attempts).toHaveLength(2);
  });
});

it("events wait for a stack that is down", async () => {
  batch.sink.accepting = false;
  const id = await batch.submit("true");
  await batch.ended(id);
  expect(batch.sink.statuses(id)).toEqual([]);
  batch.sink.accepting = true;
  await until("all events came", () => batch.sink.statuses(id).length === 4);
});
