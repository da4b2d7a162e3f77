import * as z from "zod";
import { approveStep } from "../../shared/operate/approve-step.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { manage } from "../../shared/operate/manage.ts";
import { pauseRun, resumeRun } from "../../shared/operate/pause-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { approval, definePipeline, lambda, type StepOptions, text } from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { RunNotFoundError, RunStateError } from "../../shared/run/run-errors.ts";
import { graphOf } from "../../shared/run/run-graph.ts";
import { type StepView, viewRun } from "../../shared/run/run-view.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { begin, mortal, pass, runOf, stepOf, work } from "./driving.ts";

const none = z.strictObject({});
const hour = 3600;
const day = 24 * hour;

/** Trains, asks, and publishes if the answer is yes. */
function publishing(
  calls: string[],
  options: { deadline?: number; byDefault?: "approve" | "reject"; step?: StepOptions } = {},
) {
  const { deadline = 3 * day, byDefault, step: stepOptions } = options;
  return definePipeline({ name: "publishing", params: none }, ({ step }) => {
    const score = step(
      "train",
      lambda({}, () => {
        calls.push("train");
        return 0.93;
      }),
    );
    const ok = step(
      "ok",
      approval({ deadline, message: text`publish a model of ${score}?`, ...(byDefault && { byDefault }) }),
      stepOptions,
    );
    step(
      "publish",
      lambda({ ok }, ({ ok }) => {
        calls.push(`publish by ${ok.by}`);
        return ok.by;
      }),
    );
  });
}

/** A run that waits for its answer. */
async function asked(options: Parameters<typeof publishing>[1] = {}) {
  const calls: string[] = [];
  const memory = new MemoryEngine([publishing(calls, options)]);
  const runId = await begin(memory, "publishing");
  await work(memory);
  return { memory, runId, calls };
}

/** A step as people see it. */
async function viewed(memory: MemoryEngine, runId: string, name: string): Promise<StepView | undefined> {
  const run = await runOf(memory, runId);
  const graph = await graphOf(memory.engine, run);
  const view = viewRun(run, graph, await memory.store.listSteps(runId), memory.clock.now());
  return view.steps.find((step) => step.name === name);
}

const yes = { step: "ok", index: 0, approved: true, by: "ana" };

describe("an approval", () => {
  it("asks its question and waits until somebody answers", async () => {
    const { memory, runId, calls } = await asked();
    await pass(memory, 2 * day);
    expect(await stepOf(memory, runId, "ok")).toMatchObject({
      state: "PAUSED",
      message: "publish a model of 0.93?",
    });
    expect((await runOf(memory, runId)).state).toBe("RUNNING");
    expect(calls).toEqual(["train"]);
  });

  it("that is given continues the run, and records who gave it, when and why", async () => {
    const { memory, runId, calls } = await asked();
    await pass(memory, hour);
    const at = new Date(memory.clock.now()).toISOString();
    await manage(memory.engine, { action: "approve", runId, step: "ok", by: "ana", comment: "looks right" });
    expect(await stepOf(memory, runId, "ok")).toMatchObject({
      state: "SUCCEEDED",
      output: { value: { by: "ana", at, comment: "looks right" } },
    });
    const answer = { approved: true, by: "ana", at, comment: "looks right" };
    expect(await viewed(memory, runId, "ok")).toMatchObject({ answers: [answer] });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls).toEqual(["train", "publish by ana"]);
  });

  it("that is rejected fails with who rejected it, when and why, and later steps don't run", async () => {
    const { memory, runId, calls } = await asked();
    const at = new Date(memory.clock.now()).toISOString();
    await manage(memory.engine, {
      ...{ action: "approve", runId, step: "ok", approved: false, by: "ben", comment: "too old" },
    });
    expect(await memory.finish(runId)).toMatchObject({
      state: "FAILED",
      error: { step: "ok", name: "Rejected", message: `ben said no at ${at}: too old` },
    });
    expect(calls).toEqual(["train"]);
    const answer = { approved: false, by: "ben", at, comment: "too old" };
    expect(await stepOf(memory, runId, "ok")).toMatchObject({ state: "FAILED", answer });
    expect(await viewed(memory, runId, "ok")).toMatchObject({ answers: [answer] });
  });

  it("is requested again after the run is retried by hand", async () => {
    const { memory, runId, calls } = await asked();
    await approveStep(memory.engine, { runId, ...yes, approved: false });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    await retryRun(memory.engine, runId);
    await work(memory);
    expect(await stepOf(memory, runId, "ok")).toMatchObject({ state: "PAUSED", epoch: 2 });
    await approveStep(memory.engine, { runId, ...yes });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(calls).toEqual(["train", "publish by ana"]);
  });

  it("that was given is not requested again if a later step failed and the run is retried", async () => {
    const broken = { now: true };
    const pipeline = definePipeline({ name: "later", params: none }, ({ step }) => {
      const ok = step("ok", approval({ deadline: day }));
      step(
        "publish",
        lambda({ ok }, () => {
          if (broken.now) throw new Error("the registry is down");
          return 1;
        }),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "later");
    await work(memory);
    await approveStep(memory.engine, { runId, ...yes });
    expect((await memory.finish(runId)).state).toBe("FAILED");
    broken.now = false;
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("whose message isn't text, or is too long, fails with the reason", async () => {
    const pipeline = definePipeline({ name: "wordy", params: none }, ({ step }) => {
      const long = step(
        "long",
        lambda({}, () => "why ".repeat(300)),
      );
      step("ok", approval({ deadline: day, message: long }));
    });
    const { error } = await testPipeline(pipeline);
    expect(error).toMatchObject({ step: "ok", name: "InvalidInput" });
  });
});

describe("when the deadline of an approval passes", () => {
  it.each([
    [30, "approve", "SUCCEEDED"],
    [3 * day, "approve", "SUCCEEDED"],
    [30, "reject", "FAILED"],
    [3 * day, "reject", "FAILED"],
    [30, undefined, "TIMED_OUT"],
    [3 * day, undefined, "TIMED_OUT"],
  ] as const)("of %d s, its default (%s) makes it %s", async (deadline, byDefault, state) => {
    const { memory, runId, calls } = await asked({ deadline, ...(byDefault && { byDefault }) });
    await pass(memory, deadline - 5);
    expect((await stepOf(memory, runId, "ok")).state).toBe("PAUSED");
    // A near deadline has a hint of its own; a far one is left to the sweep.
    await pass(memory, deadline < 120 ? 10 : 200);
    const record = await stepOf(memory, runId, "ok");
    expect(record.state).toBe(state);
    if (state === "SUCCEEDED") {
      expect(record).toMatchObject({
        output: { value: { by: "default", comment: "nobody answered in time" } },
      });
      expect(calls).toEqual(["train", "publish by default"]);
    }
    if (state === "FAILED") expect(record).toMatchObject({ error: { name: "Rejected" } });
    if (state === "TIMED_OUT") {
      expect(record).toMatchObject({
        error: { name: "NoAnswer", message: `nobody answered within ${deadline} s` },
      });
    }
    expect((await runOf(memory, runId)).state).toBe(state === "SUCCEEDED" ? "SUCCEEDED" : "FAILED");
  });

  it("in a paused run, the default applies when the run is resumed, unless somebody answers before", async () => {
    for (const answered of [true, false]) {
      const { memory, runId } = await asked({ deadline: hour });
      await pauseRun(memory.engine, runId);
      await pass(memory, 2 * hour);
      expect((await stepOf(memory, runId, "ok")).state).toBe("PAUSED");
      if (answered) await approveStep(memory.engine, { runId, ...yes });
      await resumeRun(memory.engine, runId);
      expect((await memory.finish(runId)).state).toBe(answered ? "SUCCEEDED" : "FAILED");
    }
  });
});

describe("an answer", () => {
  it("to an answered question is refused, and the first answer stays", async () => {
    const { memory, runId } = await asked();
    await approveStep(memory.engine, { runId, ...yes });
    const late = approveStep(memory.engine, { runId, ...yes, approved: false, by: "ben" });
    await expect(late).rejects.toThrow(
      /step ok of run .* does not wait for an answer: the step is SUCCEEDED/,
    );
    expect(await stepOf(memory, runId, "ok")).toMatchObject({ output: { value: { by: "ana" } } });
  });

  it("that arrives at the same moment as another is refused if the other one counted", async () => {
    const { memory, runId } = await asked();
    const answers = await Promise.allSettled([
      approveStep(memory.engine, { runId, ...yes }),
      approveStep(memory.engine, { runId, ...yes, approved: false, by: "ben" }),
    ]);
    const record = await stepOf(memory, runId, "ok");
    const counted = record.state === "SUCCEEDED" ? 0 : 1;
    expect(answers.map(({ status }) => status)).toEqual(
      counted === 0 ? ["fulfilled", "rejected"] : ["rejected", "fulfilled"],
    );
  });

  it.each([
    ["to a step that is no approval", "train", "the step is SUCCEEDED, the run is RUNNING"],
    ["to a step that isn't reached yet", "publish", "the step is not reached yet, the run is RUNNING"],
    ["to an unknown step", "nowhere", 'has no step "nowhere"'],
  ])("%s is refused with the reason", async (_what, step, message) => {
    const { memory, runId } = await asked();
    const answer = approveStep(memory.engine, { runId, ...yes, step });
    await expect(answer).rejects.toThrow(RunStateError);
    await expect(approveStep(memory.engine, { runId, ...yes, step })).rejects.toThrow(message);
    expect((await stepOf(memory, runId, "ok")).state).toBe("PAUSED");
  });

  it("to an unknown run, a cancelled run or another child of a map is refused", async () => {
    const { memory, runId } = await asked();
    await expect(approveStep(memory.engine, { ...yes, runId: "nowhere" })).rejects.toThrow(RunNotFoundError);
    await expect(approveStep(memory.engine, { ...yes, runId, index: 3 })).rejects.toThrow("not reached yet");
    expect((await cancelRun(memory.engine, runId)).state).toBe("CANCELLED");
    expect((await stepOf(memory, runId, "ok")).state).toBe("CANCELLED");
    await expect(approveStep(memory.engine, { ...yes, runId })).rejects.toThrow("the run is CANCELLED");
  });

  it("to an approval of the previous epoch that isn't requested again yet is refused", async () => {
    const { memory, runId } = await asked();
    await cancelRun(memory.engine, runId);
    await retryRun(memory.engine, runId);
    await expect(approveStep(memory.engine, { ...yes, runId })).rejects.toThrow(RunStateError);
    await work(memory);
    await approveStep(memory.engine, { ...yes, runId });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("in a paused run is stored, and the next step starts when the run is resumed", async () => {
    const { memory, runId, calls } = await asked();
    await pauseRun(memory.engine, runId);
    await approveStep(memory.engine, { runId, ...yes });
    await pass(memory, hour);
    expect(await stepOf(memory, runId, "ok")).toMatchObject({ state: "SUCCEEDED" });
    expect(calls).toEqual(["train"]);
    await resumeRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it.each(["before", "after"] as const)(
    "counts once if the operator's call dies %s any of its calls",
    async (when) => {
      for (let at = 1; ; at += 1) {
        const { memory, runId, calls } = await asked();
        const { engine, life } = mortal(memory.engine, at, when);
        const answer = (each: Engine) => approveStep(each, { runId, ...yes }).catch(() => undefined);
        await answer(engine);
        await answer(memory.engine);
        await pass(memory, hour);
        expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
        expect(calls).toEqual(["train", "publish by ana"]);
        if (!life.died) break;
      }
    },
  );
});

describe("a map of approvals", () => {
  const reviewing = definePipeline(
    { name: "reviewing", params: z.array(z.string()) },
    ({ params, map, step }) => {
      const answers = map("ok", params, (model) =>
        approval({ deadline: day, message: text`publish ${model}?` }),
      );
      step(
        "who",
        lambda({ answers }, ({ answers }) => answers.map(({ by }) => by)),
      );
    },
  );

  it.each([0, 1, 230])(
    "over %i items requests each approval, and returns the answers in order",
    async (size) => {
      const params = Array.from({ length: size }, (_, place) => `model ${place}`);
      const answers = params.map(
        (_, place) => [`ok[${place}]`, { approved: true, by: `person ${place}` }] as const,
      );
      const { outputs } = await testPipeline(reviewing, { params, approvals: Object.fromEntries(answers) });
      expect(outputs.who).toEqual(params.map((_, place) => `person ${place}`));
    },
  );

  it("fails if one is rejected, and a retry requests only that one again", async () => {
    const memory = new MemoryEngine([reviewing]);
    const runId = await begin(memory, "reviewing", { params: ["a", "b"] });
    await work(memory);
    await approveStep(memory.engine, { runId, ...yes });
    await approveStep(memory.engine, { runId, ...yes, index: 1, approved: false });
    expect(await memory.finish(runId)).toMatchObject({
      state: "FAILED",
      error: { step: "ok[1]", name: "Rejected" },
    });
    await retryRun(memory.engine, runId);
    await work(memory);
    expect([
      (await stepOf(memory, runId, "ok", 0)).state,
      (await stepOf(memory, runId, "ok", 1)).state,
    ]).toEqual(["SUCCEEDED", "PAUSED"]);
    await approveStep(memory.engine, { runId, ...yes, index: 1 });
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  });

  it("keeps no hints in the queue while nobody answers", async () => {
    const memory = new MemoryEngine([reviewing]);
    const params = Array.from({ length: 230 }, (_, place) => `model ${place}`);
    const runId = await begin(memory, "reviewing", { params });
    await pass(memory, hour);
    expect(memory.queue.messages()).toEqual([]);
    for (let sweeps = 0; sweeps < 5; sweeps += 1) {
      memory.clock.moveTo(memory.clock.now() + 600_000);
      await sweepRuns(memory.engine);
      expect(memory.queue.messages()).toEqual([]);
    }
    expect((await runOf(memory, runId)).state).toBe("RUNNING");
  });
});
