import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { pauseRun, resumeRun } from "../../shared/operate/pause-run.ts";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  lambda,
  type Ref,
  wait,
} from "../../shared/pipeline/index.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, mortal, pass, runOf, stepOf, work } from "./driving.ts";

const none = z.strictObject({});
const job = defineJob("demo.job", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const noDeadline = Number.POSITIVE_INFINITY;

/** Functions in a chain. Each adds one to the result of the one before. */
function chain(names: readonly string[], during: (name: string) => unknown = () => undefined) {
  return definePipeline({ name: "chain", params: none }, ({ step }) => {
    let last: Ref<number> | number = 0 as number;
    for (const name of names) {
      last = step(
        name,
        lambda({ last }, async ({ last }) => {
          await during(name);
          return last + 1;
        }),
      );
    }
  });
}

/** Records the messages that an engine sends. */
function counted(memory: MemoryEngine): string[] {
  const sent: string[] = [];
  const send = memory.queue.send.bind(memory.queue);
  memory.queue.send = async (messages, delay) => {
    sent.push(...messages.map(({ step }) => step));
    await send(messages, delay);
  };
  return sent;
}

/** The message that starts a run's only first step. */
function first(memory: MemoryEngine): StepMessage {
  const [message] = memory.queue.receive();
  if (message === undefined) throw new Error("no message waits");
  return message;
}

const storedSteps = async (memory: MemoryEngine, runId: string) =>
  Object.fromEntries((await memory.store.listSteps(runId)).map(({ step, state }) => [step, state]));

describe("a chain of functions", () => {
  const names = ["a", "b", "c", "d", "e"];

  it("runs in the worker of its first message, without another message", async () => {
    const memory = new MemoryEngine([chain(names)]);
    const sent = counted(memory);
    const runId = await begin(memory, "chain");
    await handleStepMessage(memory.engine, first(memory), noDeadline);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(await stepOf(memory, runId, "e")).toMatchObject({ output: { value: 5 }, attempt: 1 });
    expect(sent).toEqual(["a"]);
  });

  it.each([
    ["is as long as the next function may take", 120, 57, ["a"]],
    ["is too short for the next function", 120, 57.001, ["a", "b"]],
    ["is nearly all of a worker's time, if that is less than the function may take", 20, 3.4, ["a"]],
    ["is clearly less than all of such a worker's time", 20, 3.5, ["a", "b"]],
  ])(
    "continues in the same worker or by a message if the time left %s",
    async (_what, worker, taken, expected) => {
      const memory: MemoryEngine = new MemoryEngine([
        chain(["a", "b"], () => memory.clock.moveTo(memory.clock.now() + taken * 1000)),
      ]);
      const sent = counted(memory);
      await begin(memory, "chain");
      await handleStepMessage(memory.engine, first(memory), memory.clock.now() + worker * 1000);
      expect(sent).toEqual(expected);
    },
  );

  it("whose function fails is retried by a message, and continues from there", async () => {
    let failures = 1;
    const pipeline = definePipeline({ name: "chain", params: none }, ({ step }) => {
      const a = step(
        "a",
        lambda({}, () => 1),
      );
      const b = step(
        "b",
        lambda({ a }, ({ a }) => {
          if (failures-- > 0) throw new Error("once");
          return a + 1;
        }),
        { retries: { limit: 1, delay: 7 } },
      );
      step(
        "c",
        lambda({ b }, ({ b }) => b + 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const sent = counted(memory);
    const runId = await begin(memory, "chain");
    await pass(memory, 8);
    expect(await stepOf(memory, runId, "c")).toMatchObject({ output: { value: 3 } });
    expect(sent).toEqual(["a", "b"]);
  });

  it.each(
    (["before", "after"] as const).flatMap((when) =>
      [true, false].map((redelivered) => ({ when, redelivered })),
    ),
  )("loses nothing and commits nothing twice if its worker dies at any call: %j", async (crash) => {
    let points = 0;
    for (let at = 1; ; at += 1) {
      const bodies: string[] = [];
      const memory = new MemoryEngine([chain(names, (name) => bodies.push(name))]);
      const commits: string[] = [];
      const putStep = memory.store.putStep.bind(memory.store);
      memory.store.putStep = async (next, previous) => {
        const put = await putStep(next, previous);
        if (put.ok && next.state === "SUCCEEDED") commits.push(next.step);
        return put;
      };
      const runId = await begin(memory, "chain");
      const message = first(memory);
      const { engine, life } = mortal(memory.engine, at, crash.when);
      await handleStepMessage(engine, message, noDeadline).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      if (life.died && crash.redelivered) await memory.queue.send([message], 720_000);
      await pass(memory, 3600);
      expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
      expect(await stepOf(memory, runId, "e")).toMatchObject({ output: { value: 5 } });
      expect(commits).toEqual(names);
      // Only the body that was running when the worker died may begin twice.
      expect(bodies.length).toBeLessThanOrEqual(names.length + 1);
      if (!life.died) break;
      points += 1;
    }
    expect(points).toBeGreaterThan(15);
  });

  it("runs each function once if the first message is repeated while its worker is further on", async () => {
    const bodies: string[] = [];
    const again: { message?: StepMessage } = {};
    const memory: MemoryEngine = new MemoryEngine([
      chain(names, async (name) => {
        bodies.push(name);
        if (name === "c" && again.message) await handleStepMessage(memory.engine, again.message, noDeadline);
      }),
    ]);
    const runId = await begin(memory, "chain");
    again.message = first(memory);
    await handleStepMessage(memory.engine, again.message, noDeadline);
    await pass(memory, 600);
    expect(bodies).toEqual(names);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("whose store fails at a later step leaves that step to its message, and keeps the earlier results", async () => {
    const memory = new MemoryEngine([chain(names)]);
    const runId = await begin(memory, "chain");
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async (next, previous) => {
      if (next.step === "c") throw new Error("the store is away");
      return putStep(next, previous);
    };
    await handleStepMessage(memory.engine, first(memory), noDeadline);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", b: "SUCCEEDED" });
    expect(memory.queue.messages().map(({ message }) => message.step)).toEqual(["c"]);
    memory.store.putStep = putStep;
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    for (const { attempt } of await memory.store.listSteps(runId)) expect(attempt).toBe(1);
  });
});

describe("a step with several dependants", () => {
  it("runs one of them in the same worker and leaves the others to their messages", async () => {
    const pipeline = definePipeline({ name: "fan", params: none }, ({ step }) => {
      const a = step(
        "a",
        lambda({}, () => 1),
      );
      for (const name of ["b", "c", "d"])
        step(
          name,
          lambda({ a }, ({ a }) => a),
        );
    });
    const memory = new MemoryEngine([pipeline]);
    const sent = counted(memory);
    const runId = await begin(memory, "fan");
    await handleStepMessage(memory.engine, first(memory), noDeadline);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", b: "SUCCEEDED" });
    expect(sent).toEqual(["a", "c", "d"]);
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("runs a function in the same worker, and leaves other kinds to messages", async () => {
    const inner = definePipeline({ name: "inner", params: none }, ({ step }) => {
      step(
        "only",
        lambda({}, () => 1),
      );
    });
    const pipeline = definePipeline({ name: "kinds", params: none }, ({ step, map }) => {
      const a = step(
        "a",
        lambda({}, () => [1, 2]),
      );
      const after = { after: [a] };
      step("job", batch(job, { n: 1 }), after);
      step("child", child(inner, {}), after);
      step("wait", wait({ seconds: 5 }), after);
      step("ask", approval({ deadline: 60 }), after);
      map("each", a, (n) => lambda({ n }, ({ n }) => n));
    });
    const memory = new MemoryEngine([pipeline, inner]);
    const sent = counted(memory);
    const runId = await begin(memory, "kinds");
    await handleStepMessage(memory.engine, first(memory), noDeadline);
    // The map of functions is unfolded at once, and its children get messages.
    expect(sent.toSorted()).toEqual(["a", "ask", "child", "each", "each", "job", "wait"]);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", each: "RUNNING" });
  });
});

describe("between two steps of one worker", () => {
  it("a pause takes effect: the second step begins when the run is resumed", async () => {
    const pausing: { runId?: string } = {};
    const memory: MemoryEngine = new MemoryEngine([
      chain(["a", "b", "c"], async (name) => {
        if (name === "b") await pauseRun(memory.engine, pausing.runId ?? "");
      }),
    ]);
    const runId = await begin(memory, "chain");
    pausing.runId = runId;
    await pass(memory, 600);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", b: "SUCCEEDED" });
    expect((await runOf(memory, runId)).state).toBe("PAUSED");
    await resumeRun(memory.engine, runId);
    await work(memory);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", b: "SUCCEEDED", c: "SUCCEEDED" });
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("a cancel takes effect: the second step never begins, and the first one's result no longer counts", async () => {
    const cancelling: { runId?: string } = {};
    const memory: MemoryEngine = new MemoryEngine([
      chain(["a", "b", "c"], async (name) => {
        if (name === "b") await cancelRun(memory.engine, cancelling.runId ?? "");
      }),
    ]);
    const runId = await begin(memory, "chain");
    cancelling.runId = runId;
    await pass(memory, 600);
    expect(await storedSteps(memory, runId)).toEqual({ a: "SUCCEEDED", b: "CANCELLED" });
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
  });

  it("a cancel takes effect between the first step's commit and its join", async () => {
    const pipeline = definePipeline({ name: "beside", params: none }, ({ step }) => {
      step("job", batch(job, { n: 1 }));
      const a = step(
        "a",
        lambda({}, () => 1),
      );
      step(
        "b",
        lambda({ a }, () => 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "beside");
    const putStep = memory.store.putStep.bind(memory.store);
    memory.store.putStep = async (next, previous) => {
      const put = await putStep(next, previous);
      if (next.step === "a" && next.state === "SUCCEEDED") {
        // The job hasn't ended yet, so the run stays in CANCELLING for a while.
        await memory.store.moveRun(runId, 1, { to: "CANCELLING", endsAs: "CANCELLED", reason: "" }, 0);
      }
      return put;
    };
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("CANCELLING");
    expect(await storedSteps(memory, runId)).toEqual({ job: "SUBMITTED", a: "SUCCEEDED" });
    await pass(memory, 600);
    expect(await storedSteps(memory, runId)).toEqual({ job: "CANCELLED", a: "SUCCEEDED" });
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
  });
});
