import * as z from "zod";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { lossLimits } from "../../shared/state/failure.ts";
import { lossesTo } from "../../shared/state/step-record.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { failDeadLetter } from "../../shared/worker/fail-dead-letter.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { Crash, crashing } from "./crashing-engine.ts";
import { begin, mortal, runOf, stepOf } from "./driving.ts";

const none = z.strictObject({});
const noDeadline = Number.POSITIVE_INFINITY;

/** The active worker: `crashed` once a function has taken it down. */
type Worker = { crashed: boolean; readonly size: string; readonly holds: number };

/** Functions that share workers, ten messages to each. Some functions take down the worker that they run in. */
class Workers {
  readonly memory: MemoryEngine;
  readonly died: Worker[] = [];
  private current: Worker | undefined;

  /**
   * @param kills children of the map `risky` that take their worker down; the ten children of `calm` never do
   */
  constructor(risky: number, kills: (index: number) => boolean) {
    const list = (length: number) => Array.from({ length }, (_, n) => n);
    const body = async (deadly: boolean) => {
      const worker = this.current;
      if (worker === undefined) throw new Error("a function runs, and no worker does");
      if (deadly) worker.crashed = true;
      // By then, the others in this worker are in the middle of their functions.
      await new Promise((resolve) => setImmediate(resolve));
      return worker.size;
    };
    this.memory = new MemoryEngine([
      definePipeline({ name: "risky", params: none }, ({ map }) => {
        map("each", list(risky), (n) => lambda({ n }, ({ n }) => body(kills(n))));
      }),
      definePipeline({ name: "calm", params: none }, ({ map }) => {
        map("each", list(10), (n) => lambda({ n }, () => body(false)));
      }),
    ]);
  }

  /** One invocation: it gets all of its messages at once. If the worker dies, none of them is handled. */
  private async invoke(messages: readonly StepMessage[], workerSize: "small" | "large"): Promise<void> {
    const { engine, seen } = crashing({ ...this.memory.engine, workerSize }, noDeadline, "before");
    const worker = Object.assign(seen, { size: workerSize, holds: messages.length });
    this.current = worker;
    const ends = await Promise.allSettled(
      messages.map((message) => handleStepMessage(engine, message, noDeadline)),
    );
    for (const end of ends) if (end.status === "rejected" && !(end.reason instanceof Crash)) throw end.reason;
    if (worker.crashed) this.died.push(worker);
  }

  /**
   * Workers take what waits, as Lambda does: ten messages for small functions, one for large ones. A tick comes each
   * minute.
   */
  async work(minutes: number): Promise<void> {
    const { memory } = this;
    for (let second = 0; second < minutes * 60; second += 1) {
      for (;;) {
        const small = memory.queue.receive(10);
        const large = memory.largeQueue.receive(1);
        if (small.length + large.length === 0) break;
        if (small.length > 0) await this.invoke(small, "small");
        if (large.length > 0) await this.invoke(large, "large");
      }
      memory.clock.moveTo(memory.clock.now() + 1000);
      if (second % 60 === 0) await sweepRuns(memory.engine);
    }
  }
}

describe("a function that kills its worker", () => {
  it("loses other steps of its worker once, then runs alone until it fails", async () => {
    const workers = new Workers(10, (n) => n === 0);
    const { memory, died } = workers;
    const runId = await begin(memory, "risky");
    await workers.work(60);
    expect(await stepOf(memory, runId, "each", 0)).toMatchObject({
      state: "FAILED",
      attempt: lossLimits.worker + 1,
      error: { name: "WorkerLost" },
    });
    expect(died.map(({ size, holds }) => `${size} ${holds}`)).toEqual([
      "small 10",
      ...Array<string>(lossLimits.worker).fill("large 1"),
    ]);
  });

  it("never fails the steps that shared its worker: each is lost once, then runs alone", async () => {
    const workers = new Workers(10, (n) => n === 0);
    const { memory } = workers;
    const runId = await begin(memory, "risky");
    await workers.work(60);
    for (let n = 1; n < 10; n += 1) {
      expect(await stepOf(memory, runId, "each", n)).toMatchObject({
        state: "SUCCEEDED",
        attempt: 2,
        losses: { worker: 1 },
        output: { value: "large" },
      });
    }
  });

  it("fails no step of another run", async () => {
    const workers = new Workers(300, (n) => n % 2 === 0);
    const { memory } = workers;
    const risky = await begin(memory, "risky");
    const calm = await begin(memory, "calm");
    await workers.work(180);
    expect((await runOf(memory, calm)).state).toBe("SUCCEEDED");
    expect((await runOf(memory, risky)).state).toBe("FAILED");
    const children = (await memory.store.listSteps(risky, "each")).filter(({ index }) => index !== "map");
    const sound = children.filter(({ index }) => Number(index) % 2 === 1);
    expect(new Set(sound.map(({ state }) => state))).toEqual(new Set(["SUCCEEDED"]));
    expect(Math.max(...sound.map((each) => lossesTo(each, "worker")))).toBe(1);
  });
});

const single = definePipeline({ name: "single", params: none }, ({ step }) => {
  step(
    "work",
    lambda({}, () => 1),
  );
});

/** The worker of a step dies in the middle of it, and another one notices when the lease has run out. */
async function lose(memory: MemoryEngine, runId: string): Promise<void> {
  const message = { runId, step: "work", index: 0, epoch: 1, alone: true } as const;
  const large = { ...memory.engine, workerSize: "large" } as const;
  // The worker reads the run, and the record of the last attempt if there was one. It claims the step, and then dies.
  const isFirst = (await memory.store.getStep(message)) === undefined;
  const { engine } = mortal(large, isFirst ? 3 : 4, "before");
  await expect(handleStepMessage(engine, message, noDeadline)).rejects.toThrow(Crash);
  expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "RUNNING", holder: "worker" });
  memory.clock.moveTo(memory.clock.now() + 600_000);
  await handleStepMessage(large, message, noDeadline);
}

describe("an attempt whose worker died", () => {
  it("is retried up to the limit and fails as WorkerLost, with all retries left", async () => {
    const memory = new MemoryEngine([single]);
    const runId = await begin(memory, "single");
    for (let lost = 0; lost <= lossLimits.worker; lost += 1) {
      await lose(memory, runId);
      memory.clock.moveTo(memory.clock.now() + 600_000);
    }
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      state: "FAILED",
      failures: 0,
      losses: { worker: lossLimits.worker },
      error: {
        name: "WorkerLost",
        message: expect.stringMatching(/out of memory \(loss 6 .* more than 5 end/),
      },
    });
  });

  it("is ended only by its own message", async () => {
    const memory = new MemoryEngine([single]);
    const runId = await begin(memory, "single");
    const message = { runId, step: "work", index: 0, epoch: 1, attempt: 2 } as const;
    await lose(memory, runId);
    memory.clock.moveTo(memory.clock.now() + 600_000);
    const before = await stepOf(memory, runId, "work");
    await failDeadLetter(memory.engine, message);
    expect(await stepOf(memory, runId, "work")).toEqual(before);
    for (const attempt of [2, 3]) {
      await failDeadLetter(memory.engine, { ...message, attempt, alone: true });
      memory.clock.moveTo(memory.clock.now() + 600_000);
    }
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      state: "FAILED",
      error: { name: "DeadLetter" },
    });
  });

  it("is retried at once, and after more losses apart from the other steps of that worker", async () => {
    const memory = new MemoryEngine([single]);
    const runId = await begin(memory, "single");
    const delays: number[] = [];
    for (let lost = 0; lost < 3; lost += 1) {
      await lose(memory, runId);
      const record = await stepOf(memory, runId, "work");
      if (record.state !== "RETRYING") throw new Error(`the step is ${record.state}`);
      delays.push(record.retryAt - memory.clock.now());
      memory.clock.moveTo(memory.clock.now() + 600_000);
    }
    expect(delays).toEqual([0, 5000, 10_000]);
  });
});
