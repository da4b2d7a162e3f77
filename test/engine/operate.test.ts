import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { manage } from "../../shared/operate/manage.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { RunNotFoundError, RunStateError } from "../../shared/run/run-errors.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sampleEvent } from "../sample-event.ts";
import { Calls, started, sweep, train } from "./sweep-pipeline.ts";

describe("a retry from failure", () => {
  it("reruns only what had not succeeded, children included", async () => {
    const calls = new Calls();
    const broken = { jobs: true, functions: true };
    const memory = sweep(calls, broken);
    const runId = await started(memory);
    expect((await memory.finish(runId)).state).toBe("FAILED");
    Object.assign(broken, { jobs: false, functions: false });
    const retried = await retryRun(memory.engine, runId);
    expect(retried).toMatchObject({ state: "RUNNING", epoch: 2 });
    const ended = await memory.finish(runId);
    expect(ended).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
    expect(ended).not.toHaveProperty("error");
    expect(calls.counts).toEqual({
      before: 1,
      "train 1": 1,
      "train 2": 2,
      "train 3": 1,
      "score 1": 1,
      "score 2": 2,
      "score 3": 1,
    });
  });

  it("of a map whose children had all succeeded only ends the map", async () => {
    const calls = new Calls();
    const memory = sweep(calls, { jobs: false, functions: false });
    const runId = await started(memory);
    while ((calls.counts["train 3"] ?? 0) === 0) await memory.turn();
    // The children are joined to the map, but the map isn't joined to the run: the run is cancelled in between.
    const joinTally = memory.store.joinTally.bind(memory.store);
    memory.store.joinTally = async (key, ...rest) =>
      key.shard === "map" ? undefined : joinTally(key, ...rest);
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    memory.store.joinTally = joinTally;
    await cancelRun(memory.engine, runId);
    await memory.finish(runId);
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls.counts).toMatchObject({ "train 1": 1, "train 2": 1, "train 3": 1 });
    expect(memory.batch.submitted()).toHaveLength(1);
  });

  it("may fail again and be retried again", async () => {
    const calls = new Calls();
    const memory = sweep(calls, { jobs: true, functions: false });
    const runId = await started(memory);
    await memory.finish(runId);
    await retryRun(memory.engine, runId);
    expect(await memory.finish(runId)).toMatchObject({
      state: "FAILED",
      epoch: 2,
      error: { step: "train[1]" },
    });
    expect(calls.counts).toMatchObject({ "train 1": 1, "train 2": 2, "train 3": 1 });
  });

  it("makes messages and events of the previous epoch ineffective", async () => {
    const calls = new Calls();
    const broken = { jobs: true, functions: false };
    const memory = sweep(calls, broken);
    const runId = await started(memory);
    await memory.finish(runId);
    const late = memory.batch.submitted();
    broken.jobs = false;
    await retryRun(memory.engine, runId);
    await handleStepMessage(
      memory.engine,
      { runId, step: "train", index: "map", epoch: 1 },
      Number.POSITIVE_INFINITY,
    );
    const [job] = await memory.batch.describe([`job-${late.length}:1`]);
    if (job !== undefined) await handleJob(memory.engine, job);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls.counts).toMatchObject({ "train 2": 2 });
  });

  it.each(["RUNNING", "SUCCEEDED"])("is refused for a run that is %s, with a remedy", async (state) => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    if (state === "SUCCEEDED") await memory.finish(runId);
    await expect(retryRun(memory.engine, runId)).rejects.toThrow(RunStateError);
    await expect(retryRun(memory.engine, runId)).rejects.toThrow(`is ${state}`);
  });
});

describe("a cancel", () => {
  it("terminates the jobs, starts nothing more, and completes when nothing runs", async () => {
    const calls = new Calls();
    const memory = sweep(calls, { jobs: false, functions: false });
    const runId = await started(memory);
    while (memory.batch.waiting().length === 0) await memory.turn();
    const cancelled = await cancelRun(memory.engine, runId);
    expect(cancelled.state).toBe("CANCELLING");
    expect(memory.batch.waiting()).toEqual([]);
    expect((await memory.finish(runId)).state).toBe("CANCELLED");
    expect(calls.counts).not.toHaveProperty("train 1");
    const states = (await memory.store.listSteps(runId)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["SUCCEEDED", "CANCELLED"]));
  });

  it("during a submission leaves no job behind", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    const { batch: service } = memory.engine;
    const sound = memory.engine;
    // The cancel comes between the job's submission and its record.
    const submit: typeof service.submit = async (job) => {
      const id = await service.submit(job);
      await cancelRun(sound, runId);
      return id;
    };
    memory.engine = { ...sound, batch: Object.assign(Object.create(service), { submit }) };
    await memory.finish(runId);
    expect(memory.batch.waiting()).toEqual([]);
    expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
  });

  it("during a map of jobs completes when the array's end is reported, without a sweep", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    while (!memory.batch.waiting().some(({ arrayIndex }) => arrayIndex !== undefined)) await memory.turn();
    await cancelRun(memory.engine, runId);
    while (await memory.turn()) if ((await memory.store.getRun(runId))?.state === "CANCELLED") break;
    expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
  });

  it("during a single job completes when its end is reported, without a sweep", async () => {
    const pipeline = definePipeline({ name: "single", params: z.strictObject({}) }, ({ step }) => {
      step("train", batch(train, { n: 1 }));
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await started(memory, "single");
    while (memory.batch.waiting().length === 0) await memory.turn();
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLING");
    for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
    expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
  });

  it("between the last child's end and its map's end counts the map as cancelled, and a retry ends it", async () => {
    const pipeline = definePipeline({ name: "mapped", params: z.strictObject({}) }, ({ map, step }) => {
      // Makes the cancel wait.
      step("beside", batch(train, { n: 1 }));
      const all = map("each", [1, 2], (n) => lambda({ n }, ({ n }) => n));
      step(
        "sum",
        lambda({ all }, ({ all }) => all.reduce((sum, n) => sum + n, 0)),
      );
    });
    const memory = new MemoryEngine([pipeline], { "demo.train": () => ({ n: 1 }) });
    const runId = await started(memory, "mapped");
    const joinTally = memory.store.joinTally.bind(memory.store);
    memory.store.joinTally = async (key, ...rest) => {
      if (key.shard === "map") await cancelRun(memory.engine, runId);
      return joinTally(key, ...rest);
    };
    const cancelled = await memory.finish(runId);
    memory.store.joinTally = joinTally;
    expect(cancelled).toMatchObject({ state: "CANCELLED", progress: { done: new Set() } });
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    const [sum] = await memory.store.listSteps(runId, "sum");
    expect(sum).toMatchObject({ output: { value: 3 } });
  });

  it("terminates a job whose submitter died before it could record it", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    const sound = memory.engine;
    memory.engine = {
      ...sound,
      store: new Proxy(sound.store, {
        get(target, key, receiver) {
          const member: unknown = Reflect.get(target, key, receiver);
          if (typeof member !== "function") return member;
          if (key !== "putStep") return member.bind(target);
          const putStep: typeof target.putStep = async (next, previous) => {
            if ("jobs" in next) throw new Error("the worker died");
            return target.putStep(next, previous);
          };
          return putStep;
        },
      }),
    };
    while (memory.batch.waiting().length === 0) await memory.turn().catch(() => undefined);
    memory.engine = sound;
    await cancelRun(memory.engine, runId);
    expect(memory.batch.waiting()).toEqual([]);
    expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
  });

  it.each([
    ["one job", ["train"]],
    ["a map of jobs", ["train", "train", "train"]],
  ])(
    "terminates %s that a worker submits later, because it didn't know of the cancel",
    async (_what, list) => {
      const pipeline = definePipeline({ name: "late", params: z.strictObject({}) }, ({ map }) => {
        map(
          "train",
          list.map((_, n) => n),
          (n) => batch(train, { n }),
        );
      });
      const memory = new MemoryEngine([pipeline], { "demo.train": () => ({ n: 1 }) });
      const runId = await started(memory, "late");
      const sound = memory.engine;
      // The worker reads the run, then sleeps until the cancel is done.
      const store = new Proxy(sound.store, {
        get(target, key, receiver) {
          const member: unknown = Reflect.get(target, key, receiver);
          if (typeof member !== "function") return member;
          if (key !== "getRun") return member.bind(target);
          return async (id: string) => {
            const run = await target.getRun(id);
            if (run?.state === "RUNNING") await cancelRun(sound, runId);
            return run;
          };
        },
      });
      memory.engine = { ...sound, store };
      await memory.turn();
      memory.engine = sound;
      expect((await memory.store.getRun(runId))?.state).toBe("CANCELLED");
      for (const job of memory.batch.waiting()) memory.batch.begin(job.id);
      for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
      for (const event of memory.batch.takeEvents()) await handleJob(memory.engine, event);
      expect(memory.batch.waiting()).toEqual([]);
    },
  );

  it("of a run that has ended changes nothing, and of an unknown run is refused", async () => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    const runId = await started(memory);
    await memory.finish(runId);
    expect((await cancelRun(memory.engine, runId)).state).toBe("SUCCEEDED");
    await expect(cancelRun(memory.engine, "nowhere")).rejects.toThrow(RunNotFoundError);
  });

  it("can be followed by a retry, which does the remaining work", async () => {
    const calls = new Calls();
    const memory = sweep(calls, { jobs: false, functions: false });
    const runId = await started(memory);
    while (memory.batch.waiting().length === 0) await memory.turn();
    await cancelRun(memory.engine, runId);
    await memory.finish(runId);
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls.counts.before).toBe(1);
  });
});

describe("manage", () => {
  it("handles the sample requests", async () => {
    const memory = sweep(new Calls(), { jobs: true, functions: false });
    const runId = await started(memory);
    const { action } = sampleEvent("manage-retry") as { action: string };
    await memory.finish(runId);
    expect(await manage(memory.engine, { action, runId })).toEqual({
      runId,
      pipeline: "sweep",
      state: "RUNNING",
      epoch: 2,
    });
    await expect(manage(memory.engine, sampleEvent("manage-cancel"))).rejects.toThrow("there is no run");
    await expect(manage(memory.engine, sampleEvent("manage-schedule"))).rejects.toThrow(
      'no pipeline "ridge-sweep"',
    );
  });

  it.each([
    [{ action: "explode", runId: "r" }, "action"],
    [{ action: "cancel" }, "runId"],
    [{ action: "cancel", runId: "r", force: true }, "force"],
    [{ action: "schedule", pipeline: "p", active: "yes" }, "active"],
    ["cancel", "request"],
  ])("refuses %j, naming the field", async (request, field) => {
    const memory = sweep(new Calls(), { jobs: false, functions: false });
    await expect(manage(memory.engine, request)).rejects.toThrow(field);
  });
});
