import * as z from "zod";
import { startByHand } from "../../shared/operate/start-by-hand.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { startOn, withParam } from "./start.ts";

test.each([
  ["alphas=[1,0.1]", { alphas: [1, 0.1] }],
  ["month=2021-03", { month: "2021-03" }],
  ["limit=3", { limit: 3 }],
  ['limit="3"', { limit: "3" }],
  ["query=a=b", { query: "a=b" }],
  ["label=", { label: "" }],
])("--param %s is parsed as JSON if it is valid JSON, and is text otherwise", (text, params) => {
  expect(withParam(text)).toEqual(params);
});

test("a later --param is added to the earlier ones, and overrides one of the same name", () => {
  expect(withParam("a=2", { a: 1, b: 1 })).toEqual({ a: 2, b: 1 });
});

test.each(["alphas", "=3"])("--param %s is refused with the form that it takes", (text) => {
  expect(() => withParam(text)).toThrow(`--param is "${text}"; it takes key=value`);
});

describe("starting a run for a time that already has one", () => {
  const params = z.strictObject({ alphas: z.array(z.number()).default([1]), label: z.string().default("a") });
  const sweep = definePipeline({ name: "sweep", params }, ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  });
  const scheduledAt = "2021-10-04T16:21:00Z";

  function target() {
    const { engine } = new MemoryEngine([sweep], {}, Date.parse("2021-10-30T12:00:00Z"));
    const invoke = (_: string, request: unknown) => startByHand(engine, request);
    return { stage: "local", config: { region: "us-east-1" }, invoke };
  }

  test("returns the existing run if the params are equal, defaults included", async () => {
    const stage = target();
    const { runId, message } = await startOn(stage, "sweep", { scheduledAt });
    expect(message).toBe(`started run ${runId}`);
    const again = await startOn(stage, "sweep", { scheduledAt, param: { label: "a", alphas: [1] } });
    expect(again).toMatchObject({
      runId,
      message: `run ${runId} was started before: same pipeline and time`,
    });
  });

  test("is refused if the params differ, naming them and how to start another run", async () => {
    const stage = target();
    const { runId } = await startOn(stage, "sweep", { scheduledAt, param: { label: "b" } });
    const asked = { scheduledAt, param: { alphas: [2] } };
    await expect(startOn(stage, "sweep", asked)).rejects.toThrow(
      `run ${runId} was started before: same pipeline and time, other params: params.alphas is [1], not [2]; params.label is "b", not "a"; yours were not used`,
    );
    expect((await startOn(stage, "sweep", { ...asked, key: "two" })).message).toMatch(/^started run/);
    expect(await stage.invoke("start", { pipeline: "sweep", scheduledAt, params: asked.param })).toEqual({
      ...{ runId, name: "sweep-2021-10-04-16-21-00", created: false },
      differs: ["params.alphas is [1], not [2]", 'params.label is "b", not "a"'],
      remedy: "the params asked for were not used; start it for another time, or with a key of its own",
    });
  });
});

describe("starting a run whose answer is lost", () => {
  const single = definePipeline({ name: "single", params: z.strictObject({}) }, ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  });

  /** A stage whose clock is ahead of ours or behind, and which gets each request twice, two seconds apart. */
  function target(ahead: number) {
    const memory = new MemoryEngine([single], {}, Date.now() + ahead);
    const invoke = async (_: string, request: unknown) => {
      await startByHand(memory.engine, request);
      memory.clock.moveTo(memory.clock.now() + 2000);
      return startByHand(memory.engine, request);
    };
    return { memory, stage: { stage: "local", config: { region: "us-east-1" }, invoke } };
  }

  test.each([0, 60_000, -60_000])(
    "starts one run, which begins at once, with clocks %d ms apart",
    async (ahead) => {
      const { memory, stage } = target(ahead);
      const { runId, message } = await startOn(stage, "single", {});
      expect(message).toBe(`started run ${runId}`);
      const { runs } = await memory.store.listRuns({}, 10);
      expect(runs).toMatchObject([{ runId, state: "RUNNING" }]);
    },
  );

  test("starts two runs for two commands", async () => {
    const { memory, stage } = target(0);
    await startOn(stage, "single", {});
    await startOn(stage, "single", {});
    expect((await memory.store.listRuns({}, 10)).runs).toHaveLength(2);
  });

  test("is refused if the clocks differ by more than AWS tolerates", async () => {
    await expect(startOn(target(400_000).stage, "single", {})).rejects.toThrow(
      /^requestedAt is .*, but it is /,
    );
  });
});
