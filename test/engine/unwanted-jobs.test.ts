import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { batch, defineJob, definePipeline } from "../../shared/pipeline/index.ts";
import type { JobDetail } from "../../shared/ports/batch-service.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { runJob } from "../../shared/testing/run-job.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRun } from "../../shared/worker/sweep-run.ts";
import { runOf, startManually, stepOf } from "./driving.ts";

const job = defineJob("demo.work", {
  input: z.object({}),
  output: z.object({}),
  resources: { vcpus: 1, memory: 512 },
});

const pipeline = definePipeline({ name: "jobs", params: z.strictObject({}) }, ({ step }) => {
  step("work", batch(job, {}), { retries: { limit: 1, delay: 1 } });
});

/** A run whose only step is a job, with the message that asks for the step. */
async function started() {
  const memory = new MemoryEngine([pipeline], { "demo.work": () => ({}) });
  const { runId } = await startManually(memory.engine, { pipeline: "jobs" });
  return { memory, runId, message: onlyMessage(memory) };
}

function onlyMessage(memory: MemoryEngine): StepMessage {
  const [message, ...others] = memory.queue.receive();
  if (message === undefined || others.length > 0) throw new Error("there should be one message");
  return message;
}

function onlyJob(memory: MemoryEngine): JobDetail {
  const [detail, ...others] = memory.batch.waiting();
  if (detail === undefined || others.length > 0) throw new Error("there should be one job");
  return detail;
}

function handle(engine: Engine, message: StepMessage): Promise<void> {
  return handleStepMessage(engine, message, Number.POSITIVE_INFINITY);
}

/** The engine with another way to submit jobs. */
function submitting(memory: MemoryEngine, submit: Engine["batch"]["submit"]): Engine {
  return { ...memory.engine, batch: Object.assign(Object.create(memory.engine.batch), { submit }) };
}

/** The engine, which does something else right after it has read a run for the first time. */
function afterFirstRead(memory: MemoryEngine, then: () => Promise<unknown>): Engine {
  let reads = 0;
  const getRun: Engine["store"]["getRun"] = async (runId) => {
    const run = await memory.store.getRun(runId);
    reads += 1;
    if (reads === 1) await then();
    return run;
  };
  return { ...memory.engine, store: Object.assign(Object.create(memory.engine.store), { getRun }) };
}

/** Starts a job on a machine, and says whether it worked. */
async function worksOn(memory: MemoryEngine, detail: JobDetail): Promise<boolean> {
  let worked = false;
  await runJob(memory.objects, detail, () => {
    worked = true;
    return {};
  });
  return worked;
}

describe("a second job of an attempt, which exists because Batch's answer was lost,", () => {
  /** Two jobs for one attempt. */
  async function twins() {
    const { memory, runId, message } = await started();
    const twice = submitting(memory, async (submission) => {
      await memory.batch.submit(submission);
      return memory.batch.submit(submission);
    });
    await handle(twice, message);
    const [first, second] = memory.batch.waiting();
    if (first === undefined || second === undefined) throw new Error("there should be two jobs");
    return { memory, runId, first, second };
  }

  it("doesn't work if it begins after the other one has failed without a word", async () => {
    const { memory, runId, first, second } = await twins();
    memory.batch.finish(first.id, { statusReason: "Task failed to start" });
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    expect((await stepOf(memory, runId, "work")).state).toBe("RETRYING");
    expect(await worksOn(memory, second)).toBe(false);
  });

  it("doesn't work if it begins after Batch has forgotten the one that the record names", async () => {
    const { memory, runId, first, second } = await twins();
    memory.batch.forget(second.id);
    await sweepRun(memory.engine, runId);
    expect((await stepOf(memory, runId, "work")).state).toBe("RETRYING");
    expect(await worksOn(memory, first)).toBe(false);
  });
});

describe("a job whose run is cancelled while it is submitted", () => {
  it("is ended by the worker that submitted it", async () => {
    const { memory, runId, message } = await started();
    const { findByName } = memory.batch;
    // The cancel comes too early to find the job.
    memory.batch.findByName = async () => [];
    const engine = submitting(memory, async (submission) => {
      const id = await memory.batch.submit(submission);
      await cancelRun(memory.engine, runId);
      memory.batch.findByName = findByName;
      return id;
    });
    await handle(engine, message);
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
    expect(memory.batch.waiting()).toEqual([]);
  });

  it("is ended by that worker even if Batch's answer was lost", async () => {
    const { memory, runId, message } = await started();
    const { findByName } = memory.batch;
    // The cancel comes too early to find the job.
    memory.batch.findByName = async () => [];
    const engine = submitting(memory, async (submission) => {
      await memory.batch.submit(submission);
      await cancelRun(memory.engine, runId);
      memory.batch.findByName = findByName;
      throw new Error("the answer is lost");
    });
    await handle(engine, message);
    expect(memory.batch.waiting()).toEqual([]);
  });

  it("doesn't work if Batch lists it only after the last look", async () => {
    const { memory, runId, message } = await started();
    memory.batch.findByName = async () => [];
    await new Promise<void>((dies) => {
      const engine = submitting(memory, async (submission) => {
        await memory.batch.submit(submission);
        await cancelRun(memory.engine, runId);
        dies();
        return new Promise(() => {});
      });
      void handle(engine, message);
    });
    memory.clock.moveTo(memory.clock.now() + 300_000);
    await sweepRun(memory.engine, runId);
    expect(await worksOn(memory, onlyJob(memory))).toBe(false);
  });
});

describe("a run that is cancelled after a worker has read it and before it claims the step", () => {
  it("gets no job", async () => {
    const { memory, runId, message } = await started();
    await handle(
      afterFirstRead(memory, () => cancelRun(memory.engine, runId)),
      message,
    );
    expect(memory.batch.waiting()).toEqual([]);
    expect((await stepOf(memory, runId, "work")).state).toBe("CANCELLED");
  });

  it("loses the job of an earlier worker that died before it recorded the job", async () => {
    const { memory, runId, message } = await started();
    const dying = submitting(memory, async (submission) => {
      await memory.batch.submit(submission);
      throw new Error("the answer is lost");
    });
    await handle(dying, message);
    expect(memory.batch.waiting()).toHaveLength(1);
    memory.clock.moveTo(memory.clock.now() + 100_000);
    // Whoever cancels dies before anything but the run knows.
    const cancels = { to: "CANCELLING", endsAs: "CANCELLED", reason: "by hand" } as const;
    const engine = afterFirstRead(memory, () =>
      memory.store.moveRun(runId, 1, cancels, memory.clock.now() + 1000),
    );
    await handle(engine, onlyMessage(memory));
    expect(memory.batch.waiting()).toEqual([]);
  });
});
