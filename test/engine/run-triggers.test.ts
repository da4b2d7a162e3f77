import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { rerunRun } from "../../shared/operate/rerun-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  child,
  definePipeline,
  FatalError,
  lambda,
  type Pipeline,
  runSucceeded,
  type SucceededRun,
  wait,
} from "../../shared/pipeline/index.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import type { Run } from "../../shared/state/run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, letMessagesDie, mortal, pass, runOf, statesOf, work } from "./driving.ts";

const params = z.strictObject({
  name: z.string().default("a"),
  seconds: z.number().default(0),
  fails: z.boolean().default(false),
});
/** More than a record holds, so such a result is in S3. */
const text = "x".repeat(5000);
/** Epochs of runs that still fail. Tests empty it to fix them. */
const broken = new Set<string>();

const lake = definePipeline({ name: "lake", params, timeout: 3600 }, ({ params, step }) => {
  const waited = step("wait", wait({ seconds: params.seconds }));
  const filled = step(
    "fill",
    lambda({ name: params.name, fails: params.fails }, ({ name, fails }) => {
      if (fails || broken.has(name)) throw new FatalError("as told");
      return { text, forms: ["ballad", "ode"] };
    }),
    { after: [waited] },
  );
  return { where: params.name, ...{ text: filled.text, forms: filled.forms } };
});
type LakeRun = SucceededRun<z.output<typeof params>, { where: string; text: string; forms: string[] }>;

const takes = z.strictObject({ form: z.string() });

/** A pipeline that follows the lake, and records what it gets. */
function follower(
  name: string,
  reports: LakeRun[] = [],
  does: (run: LakeRun) => { form?: string } = ({ result }) => ({ form: result.forms[0] ?? "" }),
) {
  const trigger = runSucceeded({
    pipeline: lake,
    params: (run) => {
      reports.push(run);
      return does(run);
    },
  });
  return definePipeline({ name, params: takes, triggers: [trigger] }, ({ params, step }) =>
    step(
      "train",
      lambda({ form: params.form }, ({ form }) => form.length),
    ),
  );
}

const runsOf = async (memory: MemoryEngine, pipeline: string): Promise<Run[]> => {
  const { runs } = await memory.store.listRuns({ pipeline }, 100);
  return Promise.all(runs.map(({ runId }) => runOf(memory, runId)));
};
const startsOf = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId)).filter(({ step }) => step.startsWith("@"));
/** Whether the sweep still has to look at the run. */
const isOpen = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.dueRuns(Number.MAX_SAFE_INTEGER, 1000)).includes(runId);
const viewOf = async (memory: MemoryEngine, runId: string) =>
  viewRun(await runOf(memory, runId), lake.graph, await memory.store.listSteps(runId), memory.clock.now());

/** Redirects the hints of starts from the queue to a list. */
function intercepted(memory: MemoryEngine): StepMessage[] {
  const caught: StepMessage[] = [];
  const send = memory.queue.send.bind(memory.queue);
  memory.queue.send = async (messages, delay) => {
    caught.push(...messages.filter(({ step }) => step.startsWith("@")));
    const others = messages.filter(({ step }) => !step.startsWith("@"));
    if (others.length > 0) await send(others, delay);
  };
  return caught;
}

describe("a run that succeeded", () => {
  it("starts a run of each pipeline that follows, with the facts of the run and its result, which is in S3", async () => {
    const reports: LakeRun[] = [];
    const memory = new MemoryEngine([
      lake,
      follower("ballads", reports),
      follower("odes", reports, ({ result }) => ({ form: result.forms[1] ?? "" })),
    ]);
    memory.engine = { ...memory.engine, stage: { name: "prod", gpus: false, timezone: "UTC" } };
    const scheduledAt = "2021-10-04T16:21:00.000Z";
    memory.clock.moveTo(Date.parse("2021-10-05T00:00:00Z"));
    const runId = await begin(memory, "lake", { params: { name: "b" }, scheduledAt });
    await pass(memory, 600);
    const run = await runOf(memory, runId);
    for (const each of reports)
      expect(each).toEqual({
        ...{ id: runId, pipeline: "lake", name: run.name, scheduledAt, startedAt: run.startedAt },
        ...{ endedAt: "endedAt" in run && run.endedAt, params: { name: "b", seconds: 0, fails: false } },
        stage: { name: "prod", gpus: false },
        result: { where: "b", text, forms: ["ballad", "ode"] },
      });
    const cause = { kind: "run", pipeline: "lake", runId };
    expect(await runsOf(memory, "ballads")).toMatchObject([
      { state: "SUCCEEDED", cause, scheduledAt, params: { form: "ballad" } },
    ]);
    expect(await runsOf(memory, "odes")).toMatchObject([
      { state: "SUCCEEDED", cause, scheduledAt, params: { form: "ode" } },
    ]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("shows in its view the runs that it started", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const runId = await begin(memory, "lake");
    await pass(memory, 60);
    const [started] = await runsOf(memory, "ballads");
    expect((await viewOf(memory, runId)).afterwards).toMatchObject([
      { kind: "start", name: "ballads", state: "SUCCEEDED", child: started?.runId },
    ]);
  });

  it("starts one run if its hint arrives late and twice more", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const hints = intercepted(memory);
    const runId = await begin(memory, "lake");
    await work(memory);
    const [hint] = hints;
    if (hint === undefined) throw new Error("no hint was sent");
    expect(hint).toEqual({ runId, step: "@succeeded:ballads", index: 1, epoch: 1, attempt: 1 });
    await Promise.all([1, 2, 3].map(() => handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY)));
    memory.clock.moveTo(memory.clock.now() + 7 * 86_400_000);
    await handleStepMessage(memory.engine, hint, Number.POSITIVE_INFINITY);
    expect(await runsOf(memory, "ballads")).toHaveLength(1);
  });

  it("starts the next run by the sweep if the hint was lost", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const send = memory.queue.send.bind(memory.queue);
    const lost = intercepted(memory);
    const runId = await begin(memory, "lake");
    await work(memory);
    memory.queue.send = send;
    expect(lost).toHaveLength(1);
    expect(await runsOf(memory, "ballads")).toEqual([]);
    await pass(memory, 600);
    expect(await runsOf(memory, "ballads")).toMatchObject([{ state: "SUCCEEDED" }]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("after a retry by hand starts one run, and its failure before started none", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    broken.add("mended");
    const runId = await begin(memory, "lake", { params: { name: "mended" } });
    await pass(memory, 600);
    expect((await runOf(memory, runId)).state).toBe("FAILED");
    expect(await runsOf(memory, "ballads")).toEqual([]);
    broken.clear();
    await retryRun(memory.engine, runId);
    await pass(memory, 600);
    expect(await runsOf(memory, "ballads")).toMatchObject([{ cause: { kind: "run", runId } }]);
  });

  it("starts another run when it is rerun as a run of its own", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const runId = await begin(memory, "lake");
    await pass(memory, 60);
    const again = await rerunRun(memory.engine, { runId, key: "1", refresh: false });
    await pass(memory, 60);
    const causes = (await runsOf(memory, "ballads")).map(({ cause }) => cause.kind === "run" && cause.runId);
    expect(causes.sort()).toEqual([runId, again.runId].sort());
  });

  it("starts what follows its pipeline even if it is a child run, and that run starts what follows it", async () => {
    const parent = definePipeline({ name: "parent", params: z.strictObject({}) }, ({ step }) =>
      step("lake", child(lake, {})),
    );
    const ballads = follower("ballads");
    const last = definePipeline(
      {
        name: "last",
        params: z.strictObject({ length: z.number() }),
        triggers: [runSucceeded({ pipeline: ballads, params: ({ result }) => ({ length: result }) })],
      },
      ({ step }) =>
        step(
          "only",
          lambda({}, () => 1),
        ),
    );
    const memory = new MemoryEngine([parent, ballads, last]);
    const runId = await begin(memory, "parent");
    await pass(memory, 600);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(await runsOf(memory, "last")).toMatchObject([{ state: "SUCCEEDED", params: { length: 6 } }]);
  });

  it.each(["before", "after"] as const)(
    "starts each run once if a worker dies %s any one of its calls",
    async (when) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const memory = new MemoryEngine([lake, follower("ballads"), follower("odes")]);
        const runId = await begin(memory, "lake");
        const sound = memory.engine;
        const { engine, life } = mortal(sound, at, when);
        memory.engine = engine;
        await work(memory).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
        memory.engine = sound;
        await pass(memory, 3600);
        for (const pipeline of ["ballads", "odes"])
          expect(await runsOf(memory, pipeline)).toMatchObject([{ state: "SUCCEEDED", epoch: 1 }]);
        expect(await startsOf(memory, runId)).toMatchObject([{ state: "SUCCEEDED" }, { state: "SUCCEEDED" }]);
        expect(await isOpen(memory, runId)).toBe(false);
        if (!life.died) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(25);
    },
    60_000,
  );
});

describe("a run that didn't succeed", () => {
  it("starts nothing, whether it failed, was cancelled or timed out", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const failed = await begin(memory, "lake", { params: { fails: true } });
    const cancelled = await begin(memory, "lake", { params: { seconds: 600 } });
    const late = await begin(memory, "lake", { params: { seconds: 7200 } });
    await work(memory);
    await cancelRun(memory.engine, cancelled);
    await pass(memory, 9000);
    expect(await statesOf(memory, [failed, cancelled, late])).toEqual(["FAILED", "CANCELLED", "TIMED_OUT"]);
    expect(await runsOf(memory, "ballads")).toEqual([]);
  });
});

describe("a start by a trigger", () => {
  /** A run of the lake. Its follower "bad" can't start; "ballads" can. */
  async function withBad(does: () => { form?: string }, spoil?: (memory: MemoryEngine) => void) {
    const memory = new MemoryEngine([lake, follower("bad", [], does), follower("ballads")]);
    const counted: unknown[] = [];
    const logged: unknown[] = [];
    const { meter, log } = memory.engine;
    memory.engine = {
      ...memory.engine,
      meter: { ...meter, count: (name, dimensions) => counted.push({ name, ...dimensions }) },
      log: { ...log, error: (message, fields) => logged.push({ message, ...fields }) },
    };
    const runId = await begin(memory, "lake");
    spoil?.(memory);
    await pass(memory, 7200);
    return { memory, runId, counted, logged };
  }

  it.each([
    [
      "throws",
      () => {
        throw new TypeError("no such form");
      },
      {
        name: "TriggerError",
        message: "the params function of its trigger threw TypeError: no such form",
        code: "TRIGGER_FAILED",
        remedy: "Correct the trigger of bad, deploy, and start it by hand.",
      },
    ],
    [
      "returns invalid parameters",
      () => ({ form: 1 }) as never,
      {
        name: "InvalidInput",
        message:
          "pipeline bad was not started: params.form is 1: Invalid input: expected string, received number",
        code: "INVALID_INPUT",
        remedy: "Correct the trigger of bad, deploy, and start it by hand.",
      },
    ],
  ])("fails alone, once and with the reason if its function %s", async (_what, does, error) => {
    const { memory, runId, counted, logged } = await withBad(does);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(await runsOf(memory, "bad")).toEqual([]);
    expect(await runsOf(memory, "ballads")).toHaveLength(1);
    expect((await viewOf(memory, runId)).afterwards).toMatchObject([
      { kind: "start", name: "bad", state: "FAILED", attempts: 1, errors: [error] },
      { kind: "start", name: "ballads", state: "SUCCEEDED", errors: [] },
    ]);
    expect(counted).toContainEqual({ name: "RunNotStarted", pipeline: "bad" });
    expect(logged).toEqual([{ message: "run not started", runId, pipeline: "bad", error }]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("fails with the reason if the result is gone", async () => {
    const { memory, runId } = await withBad(
      () => ({ form: "ode" }),
      ({ engine, objects }) => {
        const send = engine.queue.send.bind(engine.queue);
        engine.queue.send = async (messages, delay) => {
          if (messages.some(({ step }) => step.startsWith("@"))) objects.get = async () => undefined;
          await send(messages, delay);
        };
      },
    );
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(await startsOf(memory, runId)).toMatchObject([
      { state: "FAILED", error: { name: "ValueMissingError" } },
      { state: "FAILED", error: { name: "ValueMissingError" } },
    ]);
  });

  it("fails as a dead letter if no worker could handle its message, and the run is closed", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const [dead] = [intercepted(memory)];
    const runId = await begin(memory, "lake");
    await work(memory);
    for (const message of dead ?? []) await letMessagesDie(memory, message);
    await pass(memory, 600);
    expect(await startsOf(memory, runId)).toMatchObject([{ state: "FAILED", error: { name: "DeadLetter" } }]);
    expect(await isOpen(memory, runId)).toBe(false);
  });
});

describe("a deployment", () => {
  const deployed = (...pipelines: Pipeline[]) => new Map(pipelines.map((each) => [each.name, each]));

  it("of a following pipeline applies to runs that end after it, and its removal too", async () => {
    const ballads = follower("ballads");
    const memory = new MemoryEngine([lake]);
    const { engine } = memory;
    const before = await begin(memory, "lake");
    await pass(memory, 60);
    const during = await begin(memory, "lake", { params: { seconds: 60 } });
    await work(memory);
    memory.engine = { ...engine, pipelines: deployed(lake, ballads) };
    await pass(memory, 600);
    expect((await runsOf(memory, "ballads")).map(({ cause }) => cause)).toEqual([
      { kind: "run", pipeline: "lake", runId: during },
    ]);
    const last = await begin(memory, "lake", { params: { seconds: 60 } });
    await work(memory);
    memory.engine = engine;
    await pass(memory, 600);
    expect(await runsOf(memory, "ballads")).toHaveLength(1);
    for (const runId of [before, during, last]) expect(await isOpen(memory, runId)).toBe(false);
  });

  it("that a worker doesn't have yet loses no start: the next look sends it to a worker that has it", async () => {
    const memory = new MemoryEngine([lake, follower("ballads")]);
    const { engine } = memory;
    const hints = intercepted(memory);
    await begin(memory, "lake");
    await work(memory);
    const old = { ...engine, pipelines: deployed(lake) };
    for (const hint of hints.splice(0)) await handleStepMessage(old, hint, Number.POSITIVE_INFINITY);
    memory.queue.send = Object.getPrototypeOf(memory.queue).send.bind(memory.queue);
    await pass(memory, 600);
    expect(await runsOf(memory, "ballads")).toMatchObject([{ state: "SUCCEEDED" }]);
  });
});
