import * as z from "zod";
import { approveStep } from "../../shared/operate/approve-step.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { manage } from "../../shared/operate/manage.ts";
import { pauseRun, resumeRun } from "../../shared/operate/pause-run.ts";
import { approval, batch, child, definePipeline, lambda, wait } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRun } from "../../shared/worker/sweep-run.ts";
import { begin, pass, runOf, statesOf, stepOf, work } from "./driving.ts";
import { childOf } from "./families.ts";
import { endJobs, engineFor, follow, kinds, mapOfJobs, train } from "./step-kinds.ts";

const none = z.strictObject({});
const storedOf = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId)).map(({ step, index, state }) => `${step}[${index}] ${state}`);

describe("a paused run", () => {
  it.each(kinds)(
    "that was paused before its first step (%s) begins it after the resume",
    async (_kind, build) => {
      const memory = engineFor(build);
      const runId = await begin(memory, "subject");
      expect(await pauseRun(memory.engine, runId)).toMatchObject({ state: "PAUSED" });
      await pass(memory, 1000);
      expect(await storedOf(memory, runId)).toEqual([]);
      expect(await resumeRun(memory.engine, runId)).toMatchObject({ state: "RUNNING" });
      expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    },
  );

  it.each(kinds)(
    "that was paused during a step (%s) lets the step end, and begins nothing new",
    async (_kind, build, endsAtOnce) => {
      const memory = engineFor(build);
      const runId = await begin(memory, "subject");
      if (endsAtOnce) {
        const putStep = memory.store.putStep.bind(memory.store);
        memory.store.putStep = async (next, previous) => {
          memory.store.putStep = putStep;
          await pauseRun(memory.engine, runId);
          return putStep(next, previous);
        };
        await work(memory);
      } else {
        await work(memory);
        await pauseRun(memory.engine, runId);
      }
      await endJobs(memory);
      await pass(memory, 1000);
      expect((await runOf(memory, runId)).state).toBe("PAUSED");
      expect((await storedOf(memory, runId)).join()).not.toContain("last");
      await resumeRun(memory.engine, runId);
      await endJobs(memory);
      await pass(memory, 130);
      expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
      for (const record of await memory.store.listSteps(runId))
        expect(record).toMatchObject({ attempt: 1, failures: 0 });
    },
  );

  it("that is another run's child holds the parent's step, and both continue after the resume", async () => {
    const below = definePipeline({ name: "below", params: none }, ({ step }) => {
      const waited = step("wait", wait({ seconds: 100 }));
      return step(
        "give",
        lambda({}, () => 7),
        { after: [waited] },
      );
    });
    const memory = engineFor(({ step }) => follow(step, step("it", child(below, {}))));
    const runId = await begin(memory, "subject");
    await pass(memory, 10);
    const { runId: childId } = await childOf(memory, runId, "it");
    await pauseRun(memory.engine, childId);
    await pass(memory, 3600);
    expect(await statesOf(memory, [runId, childId])).toEqual(["RUNNING", "PAUSED"]);
    await resumeRun(memory.engine, childId);
    await pass(memory, 10);
    expect(await statesOf(memory, [runId, childId])).toEqual(["SUCCEEDED", "SUCCEEDED"]);
  });

  it("that was paused during its last step ends", async () => {
    const memory = engineFor(({ step }) => void step("only", batch(train, { n: 1 })));
    const runId = await begin(memory, "subject");
    await work(memory);
    await pauseRun(memory.engine, runId);
    await endJobs(memory);
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("that was paused while a step waits for a retry retries it after the resume, or at its time if that is later", async () => {
    const seconds: number[] = [];
    const memory: MemoryEngine = engineFor(({ step }) => {
      const failing = (name: string, delay: number) =>
        step(
          name,
          lambda({}, (_input, { attempt }) => {
            if (attempt === 1) throw new Error("once");
            seconds.push(Math.round(memory.clock.now() / 1000));
          }),
          { retries: { limit: 1, delay } },
        );
      failing("soon", 10);
      failing("later", 500);
    });
    const runId = await begin(memory, "subject");
    await work(memory);
    await pauseRun(memory.engine, runId);
    await pass(memory, 300);
    expect(seconds).toEqual([]);
    expect(await stepOf(memory, runId, "soon")).toMatchObject({ state: "RETRYING" });
    await resumeRun(memory.engine, runId);
    await work(memory);
    expect(seconds).toEqual([300]);
    await pass(memory, 400);
    expect(seconds).toEqual([300, 500]);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("that was paused while children of a map wait for a retry retries them right after the resume", async () => {
    const failing = { left: 2 };
    const memory = new MemoryEngine(
      [
        definePipeline({ name: "subject", params: none }, ({ map }) => {
          const retries = { limit: 1, delay: 5 };
          map("train", [1, 2, 3], (n) => batch(train, { n }), { retries });
          map(
            "score",
            [1, 2, 3],
            (n) =>
              lambda({ n }, ({ n }, { attempt }) => {
                if (attempt === 1 && n === 2) throw new Error("once");
              }),
            { retries },
          );
        }),
      ],
      {
        "demo.train": (input) => {
          if (failing.left-- > 0) throw new Error("once");
          return input;
        },
      },
    );
    const runId = await begin(memory, "subject");
    await work(memory);
    await endJobs(memory);
    await work(memory);
    await pauseRun(memory.engine, runId);
    await pass(memory, 100);
    expect((await runOf(memory, runId)).state).toBe("PAUSED");
    await resumeRun(memory.engine, runId);
    await work(memory);
    await endJobs(memory);
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("that is resumed after a moment continues all children of a map at once", async () => {
    const done: number[] = [];
    const memory: MemoryEngine = engineFor(({ map }) => {
      map(
        "each",
        Array.from({ length: 30 }, (_, n) => n),
        (n) =>
          lambda({ n }, async ({ n }, { runId }) => {
            done.push(n);
            if (done.length === 7) await pauseRun(memory.engine, runId);
          }),
      );
    });
    const runId = await begin(memory, "subject");
    await work(memory);
    expect(done).toHaveLength(7);
    await pass(memory, 1);
    await resumeRun(memory.engine, runId);
    await work(memory);
    expect(done).toHaveLength(30);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("accepts an approval, and continues from there after the resume", async () => {
    const memory = engineFor(({ step }) => follow(step, step("it", approval({ deadline: 3600 }))));
    const runId = await begin(memory, "subject");
    await work(memory);
    await pauseRun(memory.engine, runId);
    await approveStep(memory.engine, { runId, step: "it", index: 0, approved: true, by: "ana" });
    await pass(memory, 300);
    expect(await storedOf(memory, runId)).toEqual(["it[0] SUCCEEDED"]);
    await resumeRun(memory.engine, runId);
    await work(memory);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
  });

  it("stays paused for days, even if its jobs end unreported", async () => {
    const memory = engineFor(mapOfJobs);
    const runId = await begin(memory, "subject");
    await work(memory);
    await pauseRun(memory.engine, runId);
    for (const { id } of memory.batch.waiting()) memory.batch.finish(id, { exitCode: 3 });
    memory.batch.takeEvents();
    await pass(memory, 2 * 24 * 3600);
    expect((await runOf(memory, runId)).state).toBe("PAUSED");
    await resumeRun(memory.engine, runId);
    await work(memory);
    expect(await runOf(memory, runId)).toMatchObject({ state: "FAILED", error: { name: "JobFailed" } });
  });

  it("is unchanged by a second pause, and a resumed one by a second resume", async () => {
    const memory = engineFor(({ step }) => follow(step, step("it", wait({ seconds: 100 }))));
    const runId = await begin(memory, "subject");
    await work(memory);
    const paused = await pauseRun(memory.engine, runId);
    expect(await pauseRun(memory.engine, runId)).toEqual(paused);
    const resumed = await resumeRun(memory.engine, runId);
    expect(await resumeRun(memory.engine, runId)).toEqual(resumed);
    expect(resumed.activeSince).toBe(paused.activeSince);
    await pass(memory, 101);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    for (const { attempt } of await memory.store.listSteps(runId)) expect(attempt).toBe(1);
  });

  it("can be cancelled, which terminates its jobs", async () => {
    const memory = engineFor(mapOfJobs);
    const runId = await begin(memory, "subject");
    await work(memory);
    await manage(memory.engine, { action: "pause", runId });
    await cancelRun(memory.engine, runId);
    await work(memory);
    expect(memory.batch.waiting()).toEqual([]);
    expect((await runOf(memory, runId)).state).toBe("CANCELLED");
    await expect(resumeRun(memory.engine, runId)).rejects.toThrow("only a run that is PAUSED can be resumed");
    await expect(pauseRun(memory.engine, runId)).rejects.toThrow("only a run that is RUNNING can be paused");
  });
});

const tomorrow = "1970-01-02T00:00:00.000Z";

describe("a run that is scheduled for later", () => {
  it("begins at that time and not before", async () => {
    const memory = engineFor(
      ({ step }) =>
        void step(
          "only",
          lambda({}, () => 1),
        ),
    );
    const runId = await begin(memory, "subject", { scheduledAt: tomorrow });
    expect(await memory.store.dueRuns(Date.parse(tomorrow) - 1, 10)).toEqual([]);
    await pass(memory, 24 * 3600 - 2);
    // Nothing begins, even if the sweep looks at it.
    await sweepRun(memory.engine, runId);
    expect((await runOf(memory, runId)).state).toBe("SCHEDULED");
    expect(await storedOf(memory, runId)).toEqual([]);
    await expect(pauseRun(memory.engine, runId)).rejects.toThrow("is SCHEDULED");
    await pass(memory, 3);
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED", activeSince: tomorrow });
  });

  it("waits for a slot when its time has come", async () => {
    const memory = engineFor(({ step }) => void step("only", wait({ seconds: 100 })), { maxActiveRuns: 1 });
    const ids = [await begin(memory, "subject", { scheduledAt: tomorrow })];
    await pass(memory, 24 * 3600 - 10);
    ids.push(await begin(memory, "subject"));
    await pass(memory, 20);
    expect(await statesOf(memory, ids)).toEqual(["QUEUED", "RUNNING"]);
    await pass(memory, 80);
    expect(await statesOf(memory, ids)).toEqual(["RUNNING", "SUCCEEDED"]);
  });

  it("never begins after it is cancelled", async () => {
    const memory = engineFor(
      ({ step }) =>
        void step(
          "only",
          lambda({}, () => 1),
        ),
    );
    const runId = await begin(memory, "subject", { scheduledAt: tomorrow });
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLED");
    await pass(memory, 25 * 3600);
    expect(await storedOf(memory, runId)).toEqual([]);
  });
});
