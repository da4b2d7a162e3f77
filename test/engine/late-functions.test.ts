import * as z from "zod";
import { type Artifact, definePipeline, lambda, type StepContext } from "../../shared/pipeline/index.ts";
import { AttemptOverError } from "../../shared/step/attempt-guard.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { handleStepMessage } from "../../shared/worker/handle-step-message.ts";
import { begin, pass, stepOf } from "./driving.ts";

const none = z.strictObject({});
const forEver = Number.POSITIVE_INFINITY;

const artifact: Artifact = {
  uri: "s3://data/runs/late/r/work/0/1.1/made",
  ...{ sha256: "0".repeat(64), bytes: 1, mediaType: "text/plain" },
};
const file = { uri: `${artifact.uri}/MLmodel`, sha256: artifact.sha256, bytes: 1 };

type Parts = Pick<StepContext, "artifacts" | "raw" | "models">;
type Calls = { readonly [P in keyof Parts]: { readonly [M in keyof Parts[P]]: (part: Parts[P]) => unknown } };

/** One call of every method of a context that reaches the world outside. The compiler asks for each. */
const calls: Calls = {
  artifacts: {
    write: (artifacts) => artifacts.write("made", "late", "text/plain"),
    read: (artifacts) => artifacts.read(artifact.uri),
    delete: (artifacts) => artifacts.delete(artifact.uri),
    publish: (artifacts) => artifacts.publish(artifact, "results/late"),
    published: (artifacts) => artifacts.published("results/late"),
  },
  raw: { list: (raw) => raw.list("raw/"), find: (raw) => raw.find("s3://data/raw/x") },
  models: {
    register: (models) =>
      models.register({
        name: "late",
        model: { uri: artifact.uri, files: [{ ...file, mediaType: "text/plain" }] },
        metrics: {},
      } as never),
    promote: (models) =>
      models.promote({
        ...{ name: "late", version: 1 },
        evaluation: {
          candidate: { r2: 1 },
          champion: null,
          base: { r2: 0 },
          against: null,
          data: { sha256: "x" },
        },
        gate: { metric: "r2", better: "higher", minimumGain: 0 },
      } as never),
    read: (models) => models.read("late", 1),
    champion: (models) => models.champion("late"),
  },
};

/** Makes every call with a context, and returns what each gave. */
async function callAll(context: StepContext): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  for (const [part, methods] of Object.entries(calls)) {
    for (const [name, call] of Object.entries(methods)) {
      const answer = await (async () => call(context[part as keyof Parts] as never))().catch(
        (error) => error,
      );
      answers.set(`${part}.${name}`, answer);
    }
  }
  return answers;
}

const gate = () => Promise.withResolvers<void>();

/** A function that waits in the middle of its work, and does more later. */
function waiting(retries: number, later: (context: StepContext) => Promise<unknown>, isForgotten = false) {
  const begun = gate();
  const goOn = gate();
  const ended = Promise.withResolvers<unknown>();
  const pipeline = definePipeline({ name: "late", params: none }, ({ step }) => {
    step(
      "work",
      lambda({}, async (_input, context) => {
        if (context.attempt > 1) return "second";
        const rest = (async () => {
          await goOn.promise;
          return later(context);
        })();
        rest.then(ended.resolve, ended.resolve);
        begun.resolve();
        if (!isForgotten) await rest;
        return "first";
      }),
      { timeout: 2, retries: { limit: retries, delay: 0 } },
    );
  });
  return { memory: new MemoryEngine([pipeline]), begun, goOn, ended };
}

async function messageOf(memory: MemoryEngine) {
  const runId = await begin(memory, "late");
  const [message] = memory.queue.receive(1);
  if (message === undefined) throw new Error("there is no hint");
  return { runId, message };
}

const refused = async (answers: Promise<unknown>) => {
  for (const [name, answer] of (await answers) as Map<string, unknown>)
    expect([name, answer]).toEqual([name, expect.any(AttemptOverError)]);
};

describe("a function that goes on after its attempt", () => {
  it("because it was timed out can't do anything through its context, and changes nothing", async () => {
    const { memory, begun, goOn, ended } = waiting(1, callAll);
    const { runId, message } = await messageOf(memory);
    const handled = handleStepMessage(memory.engine, message, forEver);
    await begun.promise;
    memory.clock.moveTo(memory.clock.now() + 2000);
    await handled;
    await pass(memory, 10);
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      state: "SUCCEEDED",
      output: { value: "second" },
    });
    goOn.resolve();
    await refused(ended.promise);
    expect(await memory.objects.get(memory.objects.locate("results/late"))).toBeUndefined();
  });

  it("because it forgot a promise can't either", async () => {
    const { memory, begun, goOn, ended } = waiting(0, callAll, true);
    const { runId, message } = await messageOf(memory);
    await handleStepMessage(memory.engine, message, forEver);
    await begun.promise;
    expect(await stepOf(memory, runId, "work")).toMatchObject({
      state: "SUCCEEDED",
      output: { value: "first" },
    });
    goOn.resolve();
    await refused(ended.promise);
  });

  it("because its lease ran out while its worker stood still can't either, before any timer fires", async () => {
    const { memory, begun, goOn, ended } = waiting(0, callAll);
    const { message } = await messageOf(memory);
    let ahead = 0;
    const clock = Object.assign(Object.create(memory.clock), { now: () => memory.clock.now() + ahead });
    const handled = handleStepMessage({ ...memory.engine, clock }, message, forEver);
    await begun.promise;
    ahead = 60_000;
    goOn.resolve();
    await refused(ended.promise);
    await handled;
  });

  it("is told why", async () => {
    const { memory, begun, goOn, ended } = waiting(0, ({ artifacts }) => artifacts.read(artifact.uri));
    const { message } = await messageOf(memory);
    const handled = handleStepMessage(memory.engine, message, forEver);
    await begun.promise;
    memory.clock.moveTo(memory.clock.now() + 2000);
    await handled;
    goOn.resolve();
    expect(String(await ended.promise)).toMatch(
      /attempt 1 of step work is over: it took longer than its timeout/,
    );
  });

  it("has ended what it began before the next attempt begins", async () => {
    const copied = gate();
    const { memory, begun, goOn } = waiting(1, ({ artifacts }) =>
      artifacts.publish(artifact, "results/late"),
    );
    const { runId, message } = await messageOf(memory);
    const asked = gate();
    const objects = new Proxy(memory.objects, {
      get: (target, key) => {
        if (key !== "copy") return Reflect.get(target, key).bind(target);
        return async () => {
          asked.resolve();
          await copied.promise;
        };
      },
    });
    const handled = handleStepMessage({ ...memory.engine, objects }, message, forEver);
    await begun.promise;
    goOn.resolve();
    await asked.promise;
    memory.clock.moveTo(memory.clock.now() + 2000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "RUNNING" });
    copied.resolve();
    await handled;
    expect(await stepOf(memory, runId, "work")).toMatchObject({ state: "RETRYING" });
  });
});
