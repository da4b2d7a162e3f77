import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { child, definePipeline, FatalError, lambda, type RunEnd, wait } from "../../shared/pipeline/index.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, letMessagesDie, mortal, pass, runOf, stepOf, work } from "./driving.ts";

const params = z.strictObject({ seconds: z.number().default(0), fails: z.boolean().default(false) });

/** A pipeline with a hook for each end. The hook records the end it got, then does what `does` says. */
function hooked(ends: RunEnd[], does: (end: RunEnd, attempt: number) => unknown = () => null) {
  const hook = (end: RunEnd, { attempt }: { attempt: number }) => {
    ends.push(end);
    return does(end, attempt);
  };
  return definePipeline(
    {
      name: "hooked",
      params,
      timeout: 3600,
      hooks: { succeeded: hook, failed: hook, cancelled: hook, timedOut: hook },
    },
    ({ params, step }) => {
      const waited = step("wait", wait({ seconds: params.seconds }));
      step(
        "end",
        lambda({ fails: params.fails }, ({ fails }) => {
          if (fails) throw new FatalError("as told");
          return 1;
        }),
        { after: [waited] },
      );
    },
  );
}

/** Ends a run in a state, and returns its id. */
async function ended(memory: MemoryEngine, state: RunEnd["state"]): Promise<string> {
  const seconds = state === "CANCELLED" ? 600 : state === "TIMED_OUT" ? 7200 : 0;
  const runId = await begin(memory, "hooked", { params: { seconds, fails: state === "FAILED" } });
  await work(memory);
  if (state === "CANCELLED") await cancelRun(memory.engine, runId);
  if (state === "TIMED_OUT") await pass(memory, 3800);
  expect((await runOf(memory, runId)).state).toBe(state);
  return runId;
}

const ends = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] as const;
const hooksOf = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId)).filter(({ step }) => step.startsWith("@"));
/** Whether the sweep still has to look at the run. */
const isOpen = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.dueRuns(Number.MAX_SAFE_INTEGER, 1000)).includes(runId);

describe("a hook", () => {
  it.each(ends)("runs once after the end %s, and receives the run", async (state) => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const runId = await ended(memory, state);
    await pass(memory, 3600);
    const run = await runOf(memory, runId);
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ id: runId, pipeline: "hooked", state, params: run.params });
    expect(ends[0]?.endedAt).toBe("endedAt" in run && run.endedAt);
    expect(ends[0]?.error).toEqual(state === "FAILED" ? run.error : undefined);
    expect(await hooksOf(memory, runId)).toMatchObject([{ state: "SUCCEEDED", attempt: 1 }]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it.each(ends)(
    "that fails is tried three times after the end %s, and never changes the run",
    async (state) => {
      const ends: RunEnd[] = [];
      const failing = () => {
        throw new Error("the webhook is down");
      };
      const memory = new MemoryEngine([hooked(ends, failing)]);
      const runId = await ended(memory, state);
      const before = await runOf(memory, runId);
      await pass(memory, 3600);
      expect(ends).toHaveLength(3);
      expect(await hooksOf(memory, runId)).toMatchObject([
        { state: "FAILED", error: { message: "the webhook is down" } },
      ]);
      expect(await runOf(memory, runId)).toEqual(before);
      expect(await isOpen(memory, runId)).toBe(false);
    },
  );

  it.each(ends)("that fails once after the end %s succeeds at the second attempt", async (state) => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([
      hooked(ends, (_end, attempt) => {
        if (attempt === 1) throw new Error("busy");
      }),
    ]);
    memory.engine = { ...memory.engine, random: () => 0.99 };
    const runId = await ended(memory, state);
    await work(memory);
    // The sweep comes while the hook waits for its second try.
    memory.clock.moveTo(memory.clock.now() + 5000);
    const looked = memory.store.dueRuns.bind(memory.store);
    memory.store.dueRuns = (_now, limit) => looked(Number.MAX_SAFE_INTEGER, limit);
    await sweepRuns(memory.engine);
    memory.store.dueRuns = looked;
    await pass(memory, 3600);
    expect(ends).toHaveLength(2);
    expect(await hooksOf(memory, runId)).toMatchObject([{ state: "SUCCEEDED", attempt: 2 }]);
  });

  it.each(ends)("whose message was lost is sent again by the sweep (end %s)", async (state) => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const send = memory.queue.send.bind(memory.queue);
    let lost = 0;
    memory.queue.send = async (messages, delay) => {
      const hooks = messages.filter(({ step }) => step.startsWith("@"));
      if (lost === 0 && hooks.length > 0) lost += hooks.length;
      else await send(messages, delay);
    };
    const runId = await ended(memory, state);
    await pass(memory, 900);
    expect(lost).toBe(1);
    expect(ends).toHaveLength(1);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it.each(ends)("that no worker could handle fails, and the run is closed (end %s)", async (state) => {
    const memory = new MemoryEngine([hooked([])]);
    const undeliverable: StepMessage[] = [];
    const send = memory.queue.send.bind(memory.queue);
    memory.queue.send = async (messages, delay) => {
      undeliverable.push(...messages.filter(({ step }) => step.startsWith("@")));
      const others = messages.filter(({ step }) => !step.startsWith("@"));
      if (others.length > 0) await send(others, delay);
    };
    const runId = await ended(memory, state);
    const [message] = undeliverable;
    if (message === undefined) throw new Error("no hook was sent");
    await letMessagesDie(memory, message);
    await pass(memory, 3600);
    expect(await hooksOf(memory, runId)).toMatchObject([{ state: "FAILED", error: { name: "DeadLetter" } }]);
    expect((await runOf(memory, runId)).state).toBe(state);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("runs again when a retried run ends again", async () => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const runId = await ended(memory, "FAILED");
    await pass(memory, 60);
    await retryRun(memory.engine, runId);
    await pass(memory, 60);
    expect(ends.map(({ state }) => state)).toEqual(["FAILED", "FAILED"]);
    expect(await hooksOf(memory, runId)).toMatchObject([
      { index: 1, epoch: 1, state: "SUCCEEDED" },
      { index: 2, epoch: 2, state: "SUCCEEDED" },
    ]);
  });

  it("that hasn't begun delays a retry by hand, so that it receives both ends", async () => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const runId = await begin(memory, "hooked", { params: { fails: true } });
    while ((await runOf(memory, runId)).state !== "FAILED") {
      for (const message of memory.queue.receive(1))
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
    }
    await expect(retryRun(memory.engine, runId)).rejects.toThrow(
      /only just ended, and its notices are not sent yet \(@failed\)/,
    );
    expect(ends).toEqual([]);
    await work(memory);
    await retryRun(memory.engine, runId);
    await pass(memory, 60);
    expect(ends.map(({ state }) => state)).toEqual(["FAILED", "FAILED"]);
  });

  it("of a failing child receives each of its ends, even if its step is retried at once", async () => {
    const ends: RunEnd[] = [];
    const below = hooked(ends);
    const parent = definePipeline({ name: "parent", params: z.strictObject({}) }, ({ step }) => {
      step("below", child(below, { fails: true }), { retries: 2 });
    });
    const memory = new MemoryEngine([parent]);
    // Hold the hooks back, and handle them last.
    const late: StepMessage[] = [];
    const send = memory.queue.send.bind(memory.queue);
    memory.queue.send = async (messages, delay) => {
      late.push(...messages.filter(({ step }) => step.startsWith("@")));
      await send(
        messages.filter(({ step }) => !step.startsWith("@")),
        delay,
      );
    };
    const runId = await begin(memory, "parent");
    for (let round = 0; round < 3; round += 1) {
      await work(memory);
      await send(late.splice(0));
      await pass(memory, 20);
    }
    expect(await runOf(memory, runId)).toMatchObject({ state: "FAILED" });
    expect(ends.map(({ state }) => state)).toEqual(["FAILED", "FAILED", "FAILED"]);
  });

  it("whose code was removed by a deployment fails with that reason, and doesn't change the run", async () => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const runId = await begin(memory, "hooked", { params: { seconds: 60 } });
    await work(memory);
    const without = definePipeline({ name: "hooked", params }, ({ step }) => {
      step(
        "end",
        lambda({}, () => 1),
      );
    });
    memory.engine = { ...memory.engine, pipelines: new Map([["hooked", without]]) };
    await pass(memory, 3600);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(ends).toEqual([]);
    expect(await hooksOf(memory, runId)).toMatchObject([{ state: "FAILED", error: { name: "CodeMissing" } }]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it.each(
    (["SUCCEEDED", "CANCELLED"] as const).flatMap((state) =>
      (["before", "after"] as const).map((when) => [state, when] as const),
    ),
  )("is committed once after the end %s, even if a worker dies %s any call", async (state, when) => {
    let points = 0;
    for (let at = 1; ; at += 1) {
      const ends: RunEnd[] = [];
      const memory = new MemoryEngine([hooked(ends)]);
      const seconds = state === "CANCELLED" ? 600 : 0;
      const runId = await begin(memory, "hooked", { params: { seconds } });
      if (state === "CANCELLED") await work(memory);
      const sound = memory.engine;
      const { engine, life } = mortal(sound, at, when);
      memory.engine = engine;
      const ending = state === "CANCELLED" ? cancelRun(engine, runId) : Promise.resolve();
      await ending
        .then(() => work(memory))
        .catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
      memory.engine = sound;
      if (state === "CANCELLED") await cancelRun(sound, runId);
      await pass(memory, 3600);
      expect((await runOf(memory, runId)).state).toBe(state);
      expect(await hooksOf(memory, runId)).toMatchObject([{ state: "SUCCEEDED" }]);
      expect(await isOpen(memory, runId)).toBe(false);
      if (!life.died) break;
      points += 1;
    }
    expect(points).toBeGreaterThan(8);
  });
});

describe("the last look at a cancelled run", () => {
  it("ends what a worker started without knowing of the cancel, even after the hook", async () => {
    const ends: RunEnd[] = [];
    const memory = new MemoryEngine([hooked(ends)]);
    const runId = await begin(memory, "hooked", { params: { seconds: 7200 } });
    const sound = memory.engine;
    const getRun = memory.store.getRun.bind(memory.store);
    memory.store.getRun = async (id) => {
      const read = await getRun(id);
      memory.store.getRun = getRun;
      await cancelRun(sound, runId);
      await work(memory);
      return read;
    };
    await work(memory);
    expect(ends).toHaveLength(1);
    expect(await stepOf(memory, runId, "wait")).toMatchObject({ state: "RUNNING" });
    await pass(memory, 400);
    expect(await stepOf(memory, runId, "wait")).toMatchObject({ state: "CANCELLED" });
    expect(await isOpen(memory, runId)).toBe(false);
  });
});
