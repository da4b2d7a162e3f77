import * as z from "zod";
import { settleCancellation } from "../../shared/cancel/settle-cancellation.ts";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, definePipeline } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { Calls, started, sweep, train } from "./sweep-pipeline.ts";

describe("a job that waits too long for a machine", () => {
  it.each([
    ["one job", [1], true],
    ["one job, without a report that it waits", [1], false],
    ["the children of an array job", [1, 2, 3], true],
    ["the children of an array job, without a report", [1, 2, 3], false],
  ])("is terminated, and its step fails with that reason: %s", async (_what, list, reason) => {
    const pipeline = definePipeline({ name: "stuck", params: z.strictObject({}) }, ({ map }) => {
      map("train", list, (n) => batch(train, { n }));
    });
    const memory = new MemoryEngine([pipeline], { "demo.train": () => ({ n: 1 }) });
    const runId = await started(memory, "stuck");
    while (memory.batch.waiting().length === 0) await memory.turn();
    for (const job of memory.batch.waiting()) memory.batch.wait(job.id);
    const events = memory.batch.takeEvents();
    if (reason) for (const event of events) await handleJob(memory.engine, event);
    for (let hours = 0; hours < 12; hours += 1) {
      memory.clock.moveTo(memory.clock.now() + 3_600_000);
      await sweepRuns(memory.engine);
      for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
      for (const message of memory.queue.receive(10))
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      for (const job of memory.batch.waiting()) memory.batch.wait(job.id);
    }
    const run = await memory.store.getRun(runId);
    expect(run).toMatchObject({
      state: "FAILED",
      error: { message: expect.stringContaining("RUNNABLE for") },
    });
  });
});

describe("children of a map that wait for their siblings' machines", () => {
  const pipeline = definePipeline({ name: "wide", params: z.strictObject({}) }, ({ map }) => {
    map("train", [1, 2, 3, 4, 5], (n) => batch(train, { n }), { retries: 1 });
  });
  const minutes = 60_000;

  /** An engine whose map of jobs has been submitted. */
  async function submitted(): Promise<{ memory: MemoryEngine; runId: string }> {
    const memory = new MemoryEngine([pipeline], { "demo.train": () => ({ n: 1 }) });
    const runId = await started(memory, "wide");
    while (memory.batch.waiting().length === 0) await memory.turn();
    return { memory, runId };
  }

  /** Lets 50 minutes pass repeatedly, with a sweep each time. Jobs that don't run wait for a machine. */
  async function pass({ memory }: { memory: MemoryEngine }, times: number, running: readonly string[]) {
    for (let time = 0; time < times; time += 1) {
      for (const { id } of memory.batch.waiting()) if (!running.includes(id)) memory.batch.wait(id);
      memory.clock.moveTo(memory.clock.now() + 50 * minutes);
      for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
      await sweepRuns(memory.engine);
      for (const message of memory.queue.receive(10))
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
    }
  }

  it("wait while a sibling runs and for an hour after its end, and are then terminated", async () => {
    const world = await submitted();
    const { batch: service, engine, store } = world.memory;
    const [{ id: first } = { id: "" }] = service.waiting();
    service.begin(first);
    await pass(world, 12, [first]);
    expect(service.submitted()).toHaveLength(1);
    expect(service.waiting()).toHaveLength(5);
    // It fails, and its second try waits like the others.
    service.finish(first, { exitCode: 1 });
    for (const event of service.takeEvents()) await handleJob(engine, event);
    await pass(world, 1, []);
    expect(service.submitted()).toHaveLength(2);
    expect((await store.listSteps(world.runId, "train")).map(({ attempt }) => attempt)).toEqual([
      2, 1, 1, 1, 1, 1,
    ]);
    await pass(world, 24, []);
    expect(await store.getRun(world.runId)).toMatchObject({
      state: "FAILED",
      error: { message: expect.stringContaining("RUNNABLE for") },
    });
  });
});

describe("a job that waits while another run's job has the machine", () => {
  const pipeline = definePipeline({ name: "one-machine", params: z.strictObject({}) }, ({ step }) => {
    step("train", batch(train, { n: 1 }), { retries: 0 });
  });

  /** A run whose job was submitted. */
  async function submitted(memory: MemoryEngine) {
    memory.clock.moveTo(memory.clock.now() + 1000);
    const runId = await started(memory, "one-machine");
    for (const message of memory.queue.receive(10))
      await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
    const job = memory.batch.waiting().at(-1)?.id ?? "";
    return { runId, job };
  }

  it("waits in the queue without a limit, and runs in turn", async () => {
    const memory = new MemoryEngine([pipeline], { "demo.train": () => ({ n: 1 }) });
    const [running, waits] = [await submitted(memory), await submitted(memory)];
    memory.batch.begin(running.job);
    memory.batch.wait(waits.job);
    for (let hours = 0; hours < 24; hours += 1) {
      for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
      memory.clock.moveTo(memory.clock.now() + 3_600_000);
      await sweepRuns(memory.engine);
    }
    expect(memory.batch.waiting().map(({ id }) => id)).toEqual([running.job, waits.job]);
    expect(await memory.finish(waits.runId)).toMatchObject({ state: "SUCCEEDED" });
  });
});

const cancelling = { to: "CANCELLING", endsAs: "CANCELLED", reason: "enough" } as const;

describe("a late cancel", () => {
  it("doesn't change the epoch that a retry has opened meanwhile", async () => {
    const memory = sweep(new Calls(), { jobs: true, functions: false });
    const runId = await started(memory);
    while (memory.batch.waiting().length === 0) await memory.turn();
    await cancelRun(memory.engine, runId);
    const cancelling = await memory.store.getRun(runId);
    if (cancelling?.state !== "CANCELLING") throw new Error("the run is not being cancelled");
    await memory.finish(runId);
    await retryRun(memory.engine, runId);
    while (memory.batch.waiting().length === 0) await memory.turn();
    const before = await memory.store.listSteps(runId);
    await settleCancellation(memory.engine, cancelling);
    expect(await memory.store.listSteps(runId)).toEqual(before);
    expect(memory.batch.waiting().length).toBeGreaterThan(0);
  });

  it("ends the current job, even if an earlier attempt's end arrives first", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    while (memory.batch.waiting().length === 0) await memory.turn();
    const [working] = memory.batch.waiting();
    if (working === undefined) throw new Error("no job");
    await memory.store.moveRun(runId, 1, cancelling, 0);
    const before = await memory.store.listSteps(runId);
    await handleJob(memory.engine, { ...working, id: "job-of-old:0", state: "FAILED" });
    expect(await memory.store.listSteps(runId)).toEqual(before);
    await cancelRun(memory.engine, runId);
    expect(memory.batch.waiting()).toEqual([]);
    expect((await memory.finish(runId)).state).toBe("CANCELLED");
  });

  it("leaves no job of the previous epoch at work after the run is reopened", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    while (memory.batch.waiting().length === 0) await memory.turn();
    const old = memory.batch.waiting().map(({ id }) => id);
    memory.batch.takeEvents();
    const run = await memory.store.getRun(runId);
    // All calls that the cancel itself made to Batch were lost.
    await memory.store.moveRun(runId, 1, cancelling, 0);
    if (run !== undefined)
      await memory.store.endRun(run, { to: "CANCELLED", endedAt: new Date(0).toISOString() });
    await retryRun(memory.engine, runId);
    for (const id of old) memory.batch.begin(id);
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    const left = memory.batch.waiting().map(({ id }) => id);
    expect(left.filter((id) => old.includes(id))).toEqual([]);
  });
});
