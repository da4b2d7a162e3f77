import * as z from "zod";
import type { JobExit } from "../../shared/adapters/memory/memory-batch-service.ts";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, defineJob, definePipeline, type StepOptions } from "../../shared/pipeline/index.ts";
import type { Resources } from "../../shared/pipeline/job.ts";
import type { JobDetail, JobSubmission } from "../../shared/ports/batch-service.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";

const crunch = defineJob("demo.crunch", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: [1024, 2048, 4096] },
});

/** One job, whose attempts end as the test says. */
function job(retries: NonNullable<StepOptions["retries"]>, resources: Partial<Resources> = {}) {
  const pipeline = definePipeline({ name: "jobs", params: z.strictObject({}) }, ({ step }) => {
    step("crunch", batch(crunch, { n: 1 }, resources), { retries });
  });
  const memory = new MemoryEngine([pipeline], { "demo.crunch": (input) => input });
  const submissions: JobSubmission[] = [];
  const submit = memory.batch.submit.bind(memory.batch);
  memory.batch.submit = (submission) => {
    submissions.push(submission);
    return submit(submission);
  };
  /** Ends the run's next job. */
  const end = async (exit: JobExit) => {
    for (let wait = 0; memory.batch.waiting().length === 0 && wait < 100; wait += 1) await pass(memory, 60);
    const [next] = memory.batch.waiting();
    if (next === undefined) throw new Error("no job waits");
    memory.batch.begin(next.id);
    memory.batch.finish(next.id, exit);
    await work(memory);
  };
  /** Which queue each job was sent to, and how often Batch may try it. */
  const queues = () => submissions.map((each) => [each.resources.queue, each.tries]);
  return { memory, end, queues };
}

const ends = {
  spot: { statusReason: "Host EC2 (instance i-0abc) terminated." },
  memory: { exitCode: 137, containerReason: "OutOfMemoryError: Container killed due to memory usage" },
} as const satisfies Record<string, JobExit>;

describe("a step whose Spot machines are taken back", () => {
  it("moves to on-demand machines after three losses, and keeps its memory and retries", async () => {
    const { memory, end, queues } = job(0);
    const runId = await begin(memory, "jobs");
    for (const exit of [ends.spot, ends.memory, ends.spot, ends.spot]) await end(exit);
    await pass(memory, 60);
    expect(queues()).toEqual([
      ["cpu", 3],
      ["cpu", 2],
      ["cpu", 2],
      ["cpu", 1],
      ["cpu-on-demand", undefined],
    ]);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const { jobAttempts } = await stepOf(memory, runId, "crunch");
    expect(jobAttempts?.map(({ queue, memory }) => [queue, memory])).toEqual([
      ["cpu", 1024],
      ["cpu", 1024],
      ["cpu", 2048],
      ["cpu", 2048],
      ["cpu-on-demand", 2048],
    ]);
  });

  it("counts machines that Batch's own retries lost before the job failed", async () => {
    const { memory, end, queues } = job(2);
    const runId = await begin(memory, "jobs");
    const taken = { ...ends.spot, startedAt: 1000, stoppedAt: 5000 };
    await end({ exitCode: 3, tries: [taken, taken, { startedAt: 6000, stoppedAt: 7000 }] });
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ failures: 1, losses: { spot: 2 } });
    await end(ends.spot);
    await pass(memory, 60);
    expect(queues()).toEqual([
      ["cpu", 3],
      ["cpu", 1],
      ["cpu-on-demand", undefined],
    ]);
  });

  it("counts each machine that was lost during Batch's own retries", async () => {
    const { memory, end, queues } = job(0);
    const runId = await begin(memory, "jobs");
    const taken = { statusReason: ends.spot.statusReason, startedAt: 1000, stoppedAt: 5000 };
    await end({
      ...ends.spot,
      tries: [{ ...taken, logStream: "d/default/1" }, { statusReason: "Task failed to start" }, taken],
    });
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ losses: { spot: 2 } });
    await end(ends.spot);
    await pass(memory, 60);
    expect(queues()).toEqual([
      ["cpu", 3],
      ["cpu", 1],
      ["cpu-on-demand", undefined],
    ]);
  });

  it.each([
    [{ onDemandAfter: 1 }, ["cpu", "cpu-on-demand"]],
    [{ spot: false }, ["cpu-on-demand", "cpu-on-demand"]],
    [{ queue: "gpu" }, ["gpu", "gpu"]],
    [{ queue: "mine" }, ["mine", "mine"]],
    [{ queue: "cpu-on-demand" }, ["cpu-on-demand", "cpu-on-demand"]],
  ])("uses the queues that its resources %j name", async (resources, expected) => {
    const { memory, end, queues } = job(0, resources);
    await begin(memory, "jobs");
    await end(ends.spot);
    await pass(memory, 60);
    expect(queues().map(([queue]) => queue)).toEqual(expected);
  });

  it("is found on demand by the worker that takes over an unfinished submission", async () => {
    const { memory, end, queues } = job(0, { onDemandAfter: 1 });
    const runId = await begin(memory, "jobs");
    await end(ends.spot);
    const { submit } = memory.engine.batch;
    let lost = 0;
    memory.engine.batch.submit = async (job) => {
      const id = await submit(job);
      lost += 1;
      if (lost === 1) throw new Error("the answer is lost");
      return id;
    };
    await pass(memory, 300);
    memory.engine.batch.submit = submit;
    expect(queues().map(([queue]) => queue)).toEqual(["cpu", "cpu-on-demand"]);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("leaves no on-demand job behind if its run is cancelled during the submission", async () => {
    const { memory, end } = job(0, { onDemandAfter: 1 });
    const runId = await begin(memory, "jobs");
    await end(ends.spot);
    const { submit } = memory.engine.batch;
    memory.engine.batch.submit = async (job) => {
      await submit(job);
      throw new Error("the answer is lost");
    };
    // The submission isn't repeated yet.
    await pass(memory, 2);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ attempt: 2, holder: "worker" });
    await cancelRun(memory.engine, runId);
    await pass(memory, 600);
    expect(await runOf(memory, runId)).toMatchObject({ state: "CANCELLED" });
    expect(memory.batch.waiting()).toEqual([]);
  });

  it.each([
    [{ queue: "mine", onDemandAfter: 2 }, /no queue on demand beside it .*: leave onDemandAfter out/],
    [{ queue: "cpu-on-demand", spot: false }, /leave spot out/],
    [{ onDemandAfter: 0 }, /onDemandAfter/],
  ])("cannot have resources %j", (resources, problem) => {
    expect(() => job(0, resources)).toThrow(problem);
  });
});

describe("the job that a record shows", () => {
  const withDetail = async (memory: MemoryEngine, change: Partial<JobDetail>): Promise<JobDetail> => {
    const [waiting] = memory.batch.waiting();
    if (waiting === undefined) throw new Error("no job waits");
    return { ...waiting, ...change };
  };

  it("is the latest of several reported states", async () => {
    const { memory } = job(0);
    const runId = await begin(memory, "jobs");
    await work(memory);
    const news = await Promise.all(
      (["RUNNABLE", "STARTING", "RUNNING"] as const).map((state) =>
        withDetail(memory, { state, logStream: "d/default/1" }),
      ),
    );
    await Promise.all(news.map((detail) => handleJob(memory.engine, detail)));
    const log = "/aws/batch/job:d/default/1";
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ state: "RUNNING", log });
  });

  it("has the log of Batch's own second attempt when that runs, and no longer the first's", async () => {
    const { memory } = job(0);
    const runId = await begin(memory, "jobs");
    await work(memory);
    const first = await withDetail(memory, { state: "RUNNING", startedAt: 1000, logStream: "d/default/1" });
    const second = await withDetail(memory, { state: "RUNNING", startedAt: 9000, logStream: "d/default/2" });
    for (const detail of [first, second, first]) await handleJob(memory.engine, detail);
    const log = "/aws/batch/job:d/default/2";
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ log, runningSince: 9000 });
  });

  it("is absent after its attempt has failed", async () => {
    const { memory } = job({ limit: 1, delay: 100 });
    const runId = await begin(memory, "jobs");
    await work(memory);
    const running = await withDetail(memory, { state: "RUNNING" });
    const failed = await withDetail(memory, { state: "FAILED", exitCode: 3 });
    const { store } = memory;
    const putStep = store.putStep.bind(store);
    store.putStep = async (...args) => {
      store.putStep = putStep;
      await handleJob(memory.engine, failed);
      return putStep(...args);
    };
    await handleJob(memory.engine, running);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({ state: "RETRYING", attempt: 1 });
  });
});

describe("the jobs that a record keeps", () => {
  it("include each attempt with its end, Batch's attempts and their logs, also after a retry by hand", async () => {
    const { memory, end } = job(0);
    const runId = await begin(memory, "jobs");
    const tries = [
      { statusReason: ends.spot.statusReason, startedAt: 1000, stoppedAt: 5000, logStream: "d/default/1" },
      { startedAt: 6000, stoppedAt: 9000, logStream: "d/default/2" },
    ];
    await end({ exitCode: 3, tries });
    expect(await runOf(memory, runId)).toMatchObject({ state: "FAILED" });
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const { jobAttempts } = await stepOf(memory, runId, "crunch");
    expect(jobAttempts).toEqual([
      {
        ...{ epoch: 1, attempt: 1, job: "job-1", state: "FAILED", vcpus: 1, memory: 1024, queue: "cpu" },
        image: "demo:in-memory",
        reason: "JobFailed: exit code 3",
        tries: [
          {
            log: "/aws/batch/job:d/default/1",
            startedAt: 1000,
            endedAt: 5000,
            reason: "Host EC2 (instance i-0abc) terminated.",
          },
          { log: "/aws/batch/job:d/default/2", startedAt: 6000, endedAt: 9000 },
        ],
      },
      expect.objectContaining({ epoch: 2, attempt: 1, job: "job-2", state: "SUCCEEDED" }),
    ]);
  });

  it("are the last ten attempts of many", async () => {
    const { memory, end } = job({ limit: 20, delay: 1 });
    const runId = await begin(memory, "jobs");
    for (let attempt = 1; attempt <= 12; attempt += 1) await end({ exitCode: 3 });
    const { jobAttempts } = await stepOf(memory, runId, "crunch");
    expect(jobAttempts?.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("include the reported usage, unless it is invalid", async () => {
    const { memory, end } = job({ limit: 2, delay: 1 });
    const runId = await begin(memory, "jobs");
    const say = async (attempt: number, usage: object) => {
      const uri = memory.objects.locate(`runs/jobs/${runId}/crunch/0/1.${attempt}/_error.json`);
      const said = { name: "ValueError", message: "no", retryable: true, usage };
      await memory.objects.put(uri, JSON.stringify(said), "application/json");
    };
    await say(1, { peakMemoryBytes: 5_000_000, cpuSeconds: 1.5 });
    await end({ exitCode: 1 });
    await say(2, { peakMemoryBytes: -1, cpuSeconds: "many" });
    await end({ exitCode: 1 });
    const { jobAttempts } = await stepOf(memory, runId, "crunch");
    expect(jobAttempts?.map(({ usage }) => usage)).toEqual([
      { peakMemoryBytes: 5_000_000, cpuSeconds: 1.5 },
      undefined,
    ]);
    expect(jobAttempts?.[1]?.reason).toBe("ValueError: no");
  });

  it.each([
    ["whose end is reported", async (memory: MemoryEngine) => work(memory)],
    [
      "whose end only the sweep finds",
      async (memory: MemoryEngine) => {
        memory.batch.takeEvents();
        await pass(memory, 600);
      },
    ],
  ])("include a job %s after a cancel, with Batch's reason", async (_how, goOn) => {
    const { memory } = job(0);
    const runId = await begin(memory, "jobs");
    await work(memory);
    const [waiting] = memory.batch.waiting();
    memory.batch.begin(waiting?.id ?? "");
    await work(memory);
    await cancelRun(memory.engine, runId);
    await goOn(memory);
    expect(await stepOf(memory, runId, "crunch")).toMatchObject({
      state: "CANCELLED",
      jobAttempts: [{ attempt: 1, job: waiting?.id, state: "FAILED", reason: "The run was cancelled" }],
    });
  });
});
