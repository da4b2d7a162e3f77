import * as z from "zod";
import { AwsNotifier } from "../../shared/adapters/aws/aws-notifier.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  definePipeline,
  email,
  FatalError,
  lambda,
  type Notice,
  notice,
  slack,
  wait,
  webhook,
} from "../../shared/pipeline/index.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { localStage } from "../../shared/ports/engine.ts";
import type { StepMessage } from "../../shared/ports/step-queue.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import {
  type Behaviour,
  closesEarly,
  drips,
  floods,
  hangs,
  resets,
  status,
  TestReceiver,
} from "../notice/receiver.ts";
import { Crash } from "./crashing-engine.ts";
import { begin, letMessagesDie, mortal, pass, runOf, work } from "./driving.ts";

const params = z.strictObject({ seconds: z.number().default(0), fails: z.boolean().default(true) });
const ends = ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] as const;
type End = (typeof ends)[number];

/**
 * A pipeline that sends notices of its ends.
 *
 * @param hook what its hook does, if it has one
 */
function telling(notices: readonly Notice[], hook?: () => unknown) {
  return definePipeline(
    { name: "telling", params, timeout: 3600, notices, ...(hook && { hooks: { failed: hook } }) },
    ({ params, step }) => {
      const waited = step("wait", wait({ seconds: params.seconds }));
      step(
        "train",
        lambda({ fails: params.fails }, ({ fails }) => {
          if (fails) throw new FatalError("no <gradient> & no descent");
          return 1;
        }),
        { after: [waited] },
      );
    },
  );
}

function engineWith(notices: readonly Notice[], hook?: () => unknown): MemoryEngine {
  const memory = new MemoryEngine([telling(notices, hook)]);
  memory.engine = { ...memory.engine, random: () => 0.99 };
  return memory;
}

const inStage = (engine: Engine, name: string): Engine => ({ ...engine, stage: { ...localStage, name } });

/** Ends a run in a state. What follows has only begun. */
async function ended(memory: MemoryEngine, state: End): Promise<string> {
  const seconds = state === "CANCELLED" ? 600 : state === "TIMED_OUT" ? 7200 : 0;
  const runId = await begin(memory, "telling", { params: { seconds, fails: state === "FAILED" } });
  await work(memory);
  if (state === "CANCELLED") await cancelRun(memory.engine, runId);
  if (state === "TIMED_OUT") await pass(memory, 3800);
  await work(memory);
  expect((await runOf(memory, runId)).state).toBe(state);
  return runId;
}

const recordsOf = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.listSteps(runId)).filter(({ step }) => step.startsWith("@"));
/** Whether the sweep still has to look at the run. */
const isOpen = async (memory: MemoryEngine, runId: string) =>
  (await memory.store.dueRuns(Number.MAX_SAFE_INTEGER, 1000)).includes(runId);
const hours = 6 * 3600;

describe("a notice", () => {
  const all = [notice({ on: ends, to: slack() })];

  it.each(ends)("reports the end %s once, with all details", async (state) => {
    const memory = engineWith(all);
    const runId = await ended(memory, state);
    await pass(memory, hours);
    const run = await runOf(memory, runId);
    expect(memory.notifier.sent).toHaveLength(1);
    expect(memory.notifier.sent[0]).toMatchObject({
      to: { kind: "slack", at: { secret: "slack-webhook" } },
      notice: { stage: "local", pipeline: "telling", run: { id: runId, name: run.name }, state, epoch: 1 },
    });
    const sent = memory.notifier.sent[0]?.notice;
    expect(sent?.error).toEqual(run.error);
    expect(sent?.failedSteps).toEqual(state === "FAILED" ? ["train"] : []);
    expect(sent?.commands.retry).toBe(state === "SUCCEEDED" ? undefined : `npx millrace retry ${runId}`);
    expect(await recordsOf(memory, runId)).toMatchObject([
      { step: `@${state.toLowerCase()}/slack`, index: 1, state: "SUCCEEDED" },
    ]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("for one end isn't sent for other ends", async () => {
    const memory = engineWith([notice({ to: slack() })]);
    for (const state of ["SUCCEEDED", "CANCELLED"] as const) {
      const runId = await ended(memory, state);
      await pass(memory, 600);
      expect(await recordsOf(memory, runId)).toEqual([]);
    }
    expect(memory.notifier.sent).toEqual([]);
  });

  it("for production only isn't sent in development, and leaves no record there", async () => {
    const memory = engineWith([notice({ stages: ["prod"], to: slack() })]);
    const { engine } = memory;
    memory.engine = inStage(engine, "dev");
    const inDev = await ended(memory, "FAILED");
    await pass(memory, 600);
    expect(await recordsOf(memory, inDev)).toEqual([]);
    expect(await isOpen(memory, inDev)).toBe(false);
    expect(memory.notifier.sent).toEqual([]);
    memory.engine = inStage(engine, "prod");
    await ended(memory, "FAILED");
    await pass(memory, 600);
    expect(memory.notifier.sent.map(({ notice }) => notice.stage)).toEqual(["prod"]);
    expect(memory.notifier.sent[0]?.notice.commands.look).toMatch(/--stage prod$/);
  });

  it("about a child of a map names the child and the log of its attempt", async () => {
    const pipeline = definePipeline(
      { name: "telling", params: z.strictObject({}), notices: all },
      ({ map }) => {
        map("train", [1, 2, 3], (alpha) =>
          lambda({ alpha }, (input) => {
            if (input.alpha === 3) throw new FatalError("3 is too many");
            return null;
          }),
        );
      },
    );
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "telling");
    while (!("endedAt" in (await runOf(memory, runId)))) await memory.turn();
    const record = await memory.store.getStep({ runId, step: "train", index: 2 });
    if (record?.state !== "FAILED" || record.error === undefined) throw new Error("the child has no error");
    const log = "/aws/batch/millrace-prod:ridge/default/0123";
    await memory.store.putStep({ ...record, error: { ...record.error, log } }, record.version);
    await work(memory);
    expect(memory.notifier.sent[0]?.notice).toMatchObject({
      run: { id: runId },
      error: { step: "train[2]", message: "3 is too many", log },
      failedSteps: ["train"],
    });
  });

  it("is sent again for the new epoch if a retried run fails again", async () => {
    const memory = engineWith(all);
    const runId = await ended(memory, "FAILED");
    await pass(memory, 60);
    await retryRun(memory.engine, runId);
    await pass(memory, 600);
    expect(memory.notifier.sent.map(({ key }) => key)).toEqual([
      `${runId}.1.FAILED.slack`,
      `${runId}.2.FAILED.slack`,
    ]);
    expect(memory.notifier.sent[1]?.notice.epoch).toBe(2);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("that a deployment removed is still sent for runs that began before, and a new one isn't", async () => {
    const memory = engineWith([notice({ on: ["SUCCEEDED"], to: slack() })]);
    const runId = await begin(memory, "telling", { params: { seconds: 60, fails: false } });
    await work(memory);
    const later = telling([notice({ on: ["SUCCEEDED"], to: email() })]);
    memory.engine = { ...memory.engine, pipelines: new Map([["telling", later]]) };
    await pass(memory, 600);
    expect((await runOf(memory, runId)).state).toBe("SUCCEEDED");
    expect(memory.notifier.sent.map(({ to }) => to.kind)).toEqual(["slack"]);
  });

  it.each(ends)("about the end %s whose messages were lost twice is sent by the sweep", async (state) => {
    const memory = engineWith([...all, notice({ on: ends, to: email() })]);
    const send = memory.queue.send.bind(memory.queue);
    let lost = 0;
    memory.queue.send = async (messages, delay) => {
      const notices = messages.filter(({ step }) => step.startsWith("@"));
      if (lost < 4 && notices.length > 0) lost += notices.length;
      else await send(messages, delay);
    };
    const runId = await ended(memory, state);
    await pass(memory, 1200);
    expect(lost).toBe(4);
    expect(memory.notifier.sent.map(({ to }) => to.kind).sort()).toEqual(["email", "slack"]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it("that no worker could handle fails, and the run is closed", async () => {
    const memory = engineWith(all);
    const undeliverable: StepMessage[] = [];
    const send = memory.queue.send.bind(memory.queue);
    memory.queue.send = async (messages, delay) => {
      undeliverable.push(...messages.filter(({ step }) => step.startsWith("@")));
      await send(
        messages.filter(({ step }) => !step.startsWith("@")),
        delay,
      );
    };
    const runId = await ended(memory, "FAILED");
    const [message] = undeliverable;
    if (message === undefined) throw new Error("no notice was sent");
    await letMessagesDie(memory, message);
    await pass(memory, 600);
    expect(await recordsOf(memory, runId)).toMatchObject([
      { state: "FAILED", error: { name: "DeadLetter" } },
    ]);
    expect(await isOpen(memory, runId)).toBe(false);
  });

  it.each(
    (["FAILED", "CANCELLED"] as const).flatMap((state) =>
      (["before", "after"] as const).map((when) => [state, when] as const),
    ),
  )(
    "about the end %s is sent even if a worker dies %s any call, and twice only if it died right after",
    async (state, when) => {
      let points = 0;
      let twice = 0;
      for (let at = 1; ; at += 1) {
        const memory = engineWith([...all, notice({ on: ends, to: email() })]);
        const seconds = state === "CANCELLED" ? 600 : 0;
        const runId = await begin(memory, "telling", { params: { seconds } });
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
        await pass(memory, hours);
        expect((await runOf(memory, runId)).state).toBe(state);
        expect(await recordsOf(memory, runId)).toMatchObject([
          { state: "SUCCEEDED" },
          { state: "SUCCEEDED" },
        ]);
        expect(await isOpen(memory, runId)).toBe(false);
        const keys = memory.notifier.sent.map(({ key }) => key);
        expect(new Set(keys).size).toBe(2);
        if (keys.length > 2) twice += 1;
        expect(keys.length).toBeLessThanOrEqual(3);
        if (!life.died) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(12);
      // The worker may die after it sent the notice, at each call until the record says so.
      expect(twice).toBeLessThanOrEqual(4);
    },
  );
});

describe("a notice to a faulty receiver", () => {
  const receiver = new TestReceiver();
  beforeAll(() => receiver.start());
  afterAll(() => receiver.stop());
  beforeEach(() => {
    jest.spyOn(AbortSignal, "timeout").mockImplementation(() => receiver.patience());
  });
  afterEach(() => jest.restoreAllMocks());

  const to = () => webhook({ url: receiver.url() });
  /** As in a stage, except that the receiver decides the timeout. */
  const settings = { parameters: "/millrace/local", topicArn: "", isLocal: true, patience: 10_000 };

  /** A run that failed, after everything that follows it: what the receiver got, and the notice's record. */
  async function sentFor(
    behaviours: readonly Behaviour[],
    notices = [notice({ to: to() })],
    hook?: () => unknown,
  ) {
    receiver.behave(...behaviours);
    const memory = engineWith(notices, hook);
    memory.engine = { ...memory.engine, notifier: new AwsNotifier(settings, memory.clock) };
    const runId = await begin(memory, "telling");
    // Lets the run end before its notice is handled.
    while (!("endedAt" in (await runOf(memory, runId)))) await memory.turn();
    const before = await runOf(memory, runId);
    expect(before.state).toBe("FAILED");
    expect(receiver.received).toEqual([]);
    await pass(memory, hours);
    expect(await runOf(memory, runId)).toEqual(before);
    expect(await isOpen(memory, runId)).toBe(false);
    expect(memory.queue.messages()).toEqual([]);
    return { memory, runId, records: await recordsOf(memory, runId) };
  }

  it.each<[string, Behaviour[]]>([
    ["two errors", [status(500), status(503)]],
    ["too many requests", [status(429, "rate_limited", { "retry-after": "40" })]],
    ["no response", [hangs]],
    ["a response that drips", [drips]],
    ["an endless response", [floods(500)]],
    ["a reset connection", [resets]],
    ["a connection that ends in the middle", [closesEarly]],
    ["all faults in turn", [hangs, resets, status(500), closesEarly, status(502), floods(503)]],
  ])("(%s) is delivered with one more request, and the run stays unchanged", async (_name, behaviours) => {
    const { records } = await sentFor(behaviours);
    expect(receiver.received).toHaveLength(behaviours.length + 1);
    expect(new Set(receiver.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(records).toMatchObject([{ state: "SUCCEEDED", attempt: behaviours.length + 1 }]);
  });

  it.each<[string, Behaviour, string]>([
    ["404", status(404, "no_service"), "answered 404 Not Found (no_service)"],
    ["400", status(400, "invalid_payload"), "answered 400 Bad Request (invalid_payload)"],
    ["410", status(410, "channel_is_archived"), "answered 410 Gone (channel_is_archived)"],
    ["a redirect", status(302, "", { location: "http://127.0.0.1:1/" }), "redirects are not followed"],
  ])("(%s) is sent once, and the reason is stored", async (_name, behaviour, reason) => {
    const { records } = await sentFor([behaviour]);
    expect(receiver.received).toHaveLength(1);
    expect(records).toMatchObject([
      {
        state: "FAILED",
        attempt: 1,
        error: { name: "NoticeRefusedError", message: expect.stringContaining(reason) },
      },
    ]);
  });

  it("that always fails is sent eight times, and the reason is stored", async () => {
    const { records } = await sentFor(Array.from({ length: 20 }, () => status(503)));
    expect(receiver.received).toHaveLength(8);
    expect(records).toMatchObject([
      {
        state: "FAILED",
        attempt: 8,
        error: { name: "NoticeFailedError", message: expect.stringContaining("503") },
      },
    ]);
  });

  it("delays neither the hook nor other notices", async () => {
    let hooks = 0;
    const { memory, runId, records } = await sentFor(
      [],
      [notice({ to: webhook({ url: "http://127.0.0.1:1/" }) }), notice({ to: to() })],
      () => {
        hooks += 1;
      },
    );
    expect(hooks).toBe(1);
    expect(receiver.received).toHaveLength(1);
    expect(records.map(({ step, state }) => [step, state])).toEqual([
      ["@failed", "SUCCEEDED"],
      ["@failed/webhook", "FAILED"],
      ["@failed/webhook-2", "SUCCEEDED"],
    ]);
    const second = await memory.store.getStep({ runId, step: "@failed/webhook-2", index: 1 });
    expect(second?.attempt).toBe(1);
  });

  it("is sent again after the receiver's Retry-After", async () => {
    receiver.behave(status(429, "", { "retry-after": "1200" }));
    const memory = engineWith([notice({ to: to() })]);
    memory.engine = { ...memory.engine, notifier: new AwsNotifier(settings, memory.clock) };
    await begin(memory, "telling");
    await pass(memory, 1190);
    expect(receiver.received).toHaveLength(1);
    await pass(memory, 20);
    expect(receiver.received).toHaveLength(2);
  });

  it("isn't sent again by the sweep while it waits for its next attempt", async () => {
    receiver.behave(status(429, "", { "retry-after": "800" }));
    const memory = engineWith([notice({ to: to() })]);
    memory.engine = { ...memory.engine, notifier: new AwsNotifier(settings, memory.clock) };
    await begin(memory, "telling");
    await work(memory);
    for (let minute = 0; minute < 10; minute += 1) {
      memory.clock.moveTo(memory.clock.now() + 60_000);
      await sweepRuns(memory.engine);
    }
    expect(memory.queue.messages()).toHaveLength(1);
  });
});
