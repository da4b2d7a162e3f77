import * as z from "zod";
import { approveStep } from "../../shared/operate/approve-step.ts";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { approval, definePipeline } from "../../shared/pipeline/index.ts";
import { waitingApprovals } from "../../shared/run/waiting-approvals.ts";
import { knownStep } from "../../shared/state/read-step.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";

const hour = 3600;
const sizes = z.strictObject({ regions: z.array(z.string()) });

const release = definePipeline({ name: "release", params: sizes }, ({ step, map, params }) => {
  const ok = step("ok", approval({ deadline: 3 * hour, message: "release?", byDefault: "reject" }));
  map("each", params.regions, () => approval({ deadline: hour, message: "this region?" }), { after: [ok] });
});

/** A run that waits for its first answer. */
async function asked(regions: string[] = []) {
  const memory = new MemoryEngine([release]);
  const runId = await begin(memory, "release", { params: { regions } });
  await work(memory);
  return { memory, runId };
}

const listed = async (memory: MemoryEngine, limit = 100, pipeline?: string) =>
  waitingApprovals(memory.store, limit, pipeline);
const yes = (runId: string, step: string, index = 0) => ({ runId, step, index, approved: true, by: "ana" });

describe("the list of what waits for a person", () => {
  it("has the run, the question, since when it waits, its deadline and what happens then", async () => {
    const { memory, runId } = await asked();
    const { startedAt } = await stepOf(memory, runId, "ok");
    const { name } = await runOf(memory, runId);
    expect(await listed(memory)).toEqual({
      approvals: [
        {
          ...{ runId, pipeline: "release", name, step: "ok", message: "release?", since: startedAt },
          deadline: "1970-01-01T03:00:00.001Z",
          byDefault: "reject",
        },
      ],
      more: false,
    });
  });

  it("has each child of a mapped approval by its index, across runs, soonest deadline first", async () => {
    const { memory, runId } = await asked(["eu", "us"]);
    await approveStep(memory.engine, yes(runId, "ok"));
    await work(memory);
    const other = await begin(memory, "release", { params: { regions: [] } });
    await work(memory);
    const { approvals } = await listed(memory);
    expect(approvals.map((each) => [each.runId, each.step, each.index])).toEqual([
      [runId, "each", 0],
      [runId, "each", 1],
      [other, "ok", undefined],
    ]);
    expect(await listed(memory, 2)).toMatchObject({ approvals: [{}, {}], more: true });
    expect((await listed(memory, 9, "another")).approvals).toEqual([]);
  });

  it.each<[string, (memory: MemoryEngine, runId: string) => Promise<unknown>]>([
    ["answered", (memory, runId) => approveStep(memory.engine, yes(runId, "ok"))],
    ["cancelled with its run", (memory, runId) => cancelRun(memory.engine, runId)],
    ["answered by its deadline", (memory) => pass(memory, 4 * hour)],
  ])("loses an approval that is %s", async (_how, end) => {
    const { memory, runId } = await asked();
    await end(memory, runId);
    await work(memory);
    expect((await listed(memory)).approvals).toEqual([]);
  });

  it("leaves out an approval of an earlier epoch", async () => {
    const { memory, runId } = await asked();
    const record = await stepOf(memory, runId, "ok");
    await cancelRun(memory.engine, runId);
    // A worker that didn't know of the cancel has asked meanwhile.
    const { version: _version, ...question } = record;
    const cancelled = await stepOf(memory, runId, "ok");
    await memory.store.putStep(question, cancelled.version);
    await retryRun(memory.engine, runId);
    expect((await listed(memory)).approvals).toEqual([]);
    await work(memory);
    expect((await listed(memory)).approvals).toMatchObject([{ runId, step: "ok" }]);
  });

  it("gets an approval that older code has begun with the next sweep, and an answer meanwhile counts", async () => {
    const { memory, runId } = await asked();
    const record = await stepOf(memory, runId, "ok");
    const { version, listed: _listed, ...older } = { listed: undefined, ...record };
    await memory.store.putStep(knownStep(older), version);
    expect((await listed(memory)).approvals).toEqual([]);
    await pass(memory, 300);
    expect((await listed(memory)).approvals).toMatchObject([{ runId, step: "ok" }]);
    // The sweep writes it again between the read and the write of an answer.
    const { putStep } = memory.store;
    let swept = false;
    memory.store.putStep = async (next, previous) => {
      const now = await memory.store.getStep(next);
      if (!swept && now !== undefined && next.step === "ok") {
        swept = true;
        const { version: seen, ...same } = knownStep(now);
        await putStep.call(memory.store, same, seen);
      }
      return putStep.call(memory.store, next, previous);
    };
    await approveStep(memory.engine, yes(runId, "ok"));
    expect(await stepOf(memory, runId, "ok")).toMatchObject({ state: "SUCCEEDED", answer: { by: "ana" } });
  });
});
