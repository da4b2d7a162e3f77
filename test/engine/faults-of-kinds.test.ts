import * as z from "zod";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { approveStep } from "../../shared/operate/approve-step.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  gte,
  lambda,
  maybe,
  repeat,
  type Task,
  wait,
} from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { RunStateError } from "../../shared/run/run-errors.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { activeTree } from "../../shared/testing/standstill.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { crashings, runWithCrash, type StartedRun } from "./crashing-engine.ts";
import { begin, mortal, pass, runOf, stepOf } from "./driving.ts";

const grow = defineJob("demo.grow", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const numbers = z.strictObject({ n: z.number() });

const innermost = definePipeline({ name: "innermost", params: numbers }, ({ params, step }) => {
  const asked = step("ok", approval({ deadline: 36_000 }));
  return step(
    "double",
    lambda({ n: params.n, asked }, ({ n }) => n * 2),
  );
});
const inner = definePipeline({ name: "inner", params: numbers }, ({ params, step }) => {
  const nap = step("nap", wait({ seconds: 30 }));
  return { n: step("below", child(innermost, { n: params.n }), { after: [nap] }) };
});

/** Steps of every kind that waits, maps of them, and steps with a rule. */
function everyKind(bodies: string[]) {
  return definePipeline({ name: "every-kind", params: z.strictObject({}) }, ({ step, map }) => {
    const file = step("file", wait({ object: "raw/here.csv", deadline: 36_000 }));
    const polled = step(
      "poll",
      repeat(
        lambda({ file }, (_input, { attempt }) => {
          bodies.push(`poll ${attempt}`);
          return { attempt, seen: bodies.filter((body) => body.startsWith("poll")).length };
        }),
        { until: ({ seen }) => gte(seen, 2), limit: 9, delay: 20 },
      ),
    );
    const grown = step("grow", repeat(batch(grow, { n: 3 }), { until: ({ n }) => gte(n, 2), limit: 3 }));
    const all = map("inner", [1, 2], (n) => child(inner, { n }), { after: [polled] });
    const failing = step(
      "failing",
      lambda({}, (): number => {
        bodies.push("failing");
        throw new Error("as it should");
      }),
    );
    step(
      "alarm",
      lambda({ failing: maybe(failing) }, ({ failing }) => failing),
      { rule: "any_failed" },
    );
    step(
      "total",
      lambda({ all, grown }, ({ all, grown }) => all.reduce((sum, { n }) => sum + n, 0) + grown.n),
    );
  });
}

/** What people and S3 do meanwhile: the object lands, and the person who is asked says yes. */
async function advance(memory: MemoryEngine, runId: string, engine: Engine): Promise<boolean> {
  if ((await memory.objects.head("s3://data/raw/here.csv")) === undefined) {
    await memory.objects.put("s3://data/raw/here.csv", "1", "text/csv");
    for (const waiter of await engine.waiters.list("s3://data/raw/here.csv"))
      await engine.queue.send([waiter]);
    return true;
  }
  for (const run of await activeTree(memory.store, runId)) {
    for (const { state, step, index } of await memory.store.listSteps(run.runId)) {
      if (state !== "PAUSED" || index === "map") continue;
      await approveStep(engine, { runId: run.runId, step, index, approved: true, by: "ana" }).catch(
        (error) => {
          if (!(error instanceof RunStateError)) throw error;
        },
      );
      return true;
    }
  }
  return false;
}

async function started() {
  const bodies: string[] = [];
  let grown = 0;
  const memory = new MemoryEngine([everyKind(bodies)], {
    "demo.grow": () => {
      grown += 1;
      return { n: grown };
    },
  });
  const runId = await begin(memory, "every-kind");
  const run: StartedRun = { memory, runId, outside: (engine) => advance(memory, runId, engine) };
  return { ...run, bodies };
}

async function expectComplete(memory: MemoryEngine, runId: string, bodies: readonly string[]) {
  expect(await runOf(memory, runId)).toMatchObject({
    state: "FAILED",
    error: { step: "failing", message: "as it should" },
  });
  const records = await memory.store.listSteps(runId);
  const output = (name: string) => records.find(({ step }) => step === name);
  expect(output("total")).toMatchObject({ output: { value: 8 } });
  expect(output("alarm")).toMatchObject({ output: { value: null } });
  expect(records.filter(({ state }) => state !== "SUCCEEDED").map(({ step }) => step)).toEqual(["failing"]);
  // Four child runs, each of which succeeded; two passes of the job; nothing is active any more.
  const { runs } = await memory.store.listRuns({}, 10);
  expect(runs.map(({ pipeline, state }) => `${pipeline} ${state}`).sort()).toEqual([
    "every-kind FAILED",
    ...["inner", "inner", "innermost", "innermost"].map((name) => `${name} SUCCEEDED`),
  ]);
  expect(memory.batch.submitted()).toHaveLength(2);
  expect(memory.batch.waiting()).toEqual([]);
  // A dead worker costs at most one more call of a function.
  expect(bodies.length).toBeLessThanOrEqual(4);
}

describe("a worker that dies", () => {
  it.each(crashings)(
    "$when any one of its calls, in waits, approvals, passes and child runs, loses nothing ($redelivered, $slowJobs)",
    async (crashing) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const { bodies, ...run } = await started();
        const { memory, runId, seen } = await runWithCrash(run, at, crashing);
        await expectComplete(memory, runId, bodies);
        if (!seen.crashed) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(150);
    },
    120_000,
  );
});

describe("messages and events", () => {
  it("of every step kind, delivered twice and in reverse, change nothing", async () => {
    const { memory, runId, bodies, outside } = await started();
    for (let turn = 0; turn < 500; turn += 1) {
      if ((await runOf(memory, runId)).state !== "RUNNING") break;
      memory.clock.moveTo(memory.clock.now() + 1000);
      const messages = memory.queue.receive(100).reverse();
      for (const message of [...messages, ...messages]) {
        await handleStepMessage(memory.engine, message, Number.POSITIVE_INFINITY);
      }
      const events = memory.batch.takeEvents().reverse();
      for (const event of [...events, ...events]) await handleJob(memory.engine, event);
      if (messages.length + events.length === 0 && !(await outside?.(memory.engine))) await memory.turn();
    }
    await expectComplete(memory, runId, bodies);
    expect(bodies).toHaveLength(3);
  });

  it("of every step kind that are all lost are replaced by the sweep", async () => {
    const { memory, runId, bodies, outside } = await started();
    const lossy: Engine = { ...memory.engine, queue: { send: async () => undefined } };
    for (let minute = 0; minute < 600; minute += 1) {
      if ((await runOf(memory, runId)).state !== "RUNNING") break;
      for (const message of memory.queue.receive(100)) {
        await handleStepMessage(lossy, message, Number.POSITIVE_INFINITY);
      }
      while (memory.batch.waiting().length > 0) await memory.turn();
      memory.batch.takeEvents();
      await outside?.(lossy);
      memory.clock.moveTo(memory.clock.now() + 60_000);
      await sweepRuns(memory.engine);
    }
    await expectComplete(memory, runId, bodies);
  });
});

describe("an operator's call that dies", () => {
  const active = async (memory: MemoryEngine) =>
    (await memory.store.listRuns({}, 10)).runs.filter(({ endedAt }) => endedAt === undefined);

  it.each(["before", "after"] as const)(
    "%s any one of its calls still cancels or reopens the run after the next sweep",
    async (when) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const { memory, runId, bodies, outside } = await started();
        await outside?.(memory.engine);
        await pass(memory, 120);
        expect(await active(memory)).toHaveLength(5);
        const cancel = mortal(memory.engine, at, when);
        await cancelRun(cancel.engine, runId).catch(() => undefined);
        const state = (await runOf(memory, runId)).state;
        await pass(memory, 1800);
        // The worker died before it wrote anything, so there was no cancel.
        if (state === "RUNNING") await cancelRun(memory.engine, runId);
        await pass(memory, 600);
        expect(await active(memory)).toEqual([]);
        expect(memory.batch.waiting()).toEqual([]);
        const retry = mortal(memory.engine, at, when);
        await retryRun(retry.engine, runId).catch(() => undefined);
        if ((await runOf(memory, runId)).state === "CANCELLED") await retryRun(memory.engine, runId);
        await memory.finish(runId, {
          act: () => advance(memory, runId, memory.engine),
          nextAt: () => undefined,
        });
        expect(await stepOf(memory, runId, "total")).toMatchObject({ output: { value: expect.any(Number) } });
        expect(bodies.filter((body) => body === "failing").length).toBeLessThanOrEqual(2);
        expect(await active(memory)).toEqual([]);
        if (!cancel.life.died && !retry.life.died) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(20);
    },
    60_000,
  );
});

describe("a zombie worker", () => {
  const holders = ["run", "clock", "object", "person"] as const;
  const kinds: Record<(typeof holders)[number], Task<unknown>> = {
    run: child(
      definePipeline({ name: "quick", params: z.strictObject({}) }, ({ step }) =>
        step(
          "work",
          lambda({}, () => 1),
        ),
      ),
      {},
    ),
    clock: wait({ seconds: 3600 }),
    object: wait({ object: "raw/x", deadline: 3600 }),
    person: approval({ deadline: 3600, byDefault: "approve" }),
  };

  it.each(holders)(
    "that was about to pass its step to the %s changes nothing after another worker took over",
    async (holder) => {
      const pipeline = definePipeline({ name: "haunted", params: z.strictObject({}) }, ({ step }) => {
        step("work", kinds[holder]);
      });
      const memory = new MemoryEngine([pipeline]);
      const runId = await begin(memory, "haunted");
      const hint = { runId, step: "work", index: 0, epoch: 1 };
      const { store } = memory.engine;
      let slept = 0;
      const putStep: typeof store.putStep = async (next, previous) => {
        if ("holder" in next && next.holder === holder) {
          slept += 1;
          memory.clock.moveTo(memory.clock.now() + 600_000);
          // The first call finds the attempt lost; the next one makes another attempt.
          await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
          await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
        }
        return store.putStep(next, previous);
      };
      const drowsy = new Proxy(store, {
        get(target, key, receiver) {
          const member: unknown = key === "putStep" ? putStep : Reflect.get(target, key, receiver);
          return typeof member === "function" ? member.bind(target) : member;
        },
      });
      await handleStepMessage({ ...memory.engine, store: drowsy }, hint, Number.POSITIVE_INFINITY);
      expect(slept).toBe(1);
      expect(await stepOf(memory, runId, "work")).toMatchObject({ attempt: 2, holder });
      await memory.objects.put("s3://data/raw/x", "1", "text/csv");
      expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
      expect((await memory.store.listRuns({ pipeline: "quick" }, 10)).runs).toHaveLength(
        holder === "run" ? 1 : 0,
      );
    },
  );
});
