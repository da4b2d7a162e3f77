import * as z from "zod";
import { cancelRun } from "../../shared/operate/cancel-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { graphOf } from "../../shared/run/run-graph.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import type { RunningRun } from "../../shared/state/run.ts";
import { succeeded } from "../../shared/state/step-changes.ts";
import type { HeldStep, StepRecord } from "../../shared/state/step-record.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { aHeldStep } from "../factories.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";

const minute = 60;

/** Two steps that wait for nothing, and one step that needs both. */
function pair(calls: string[]) {
  return definePipeline({ name: "pair", params: z.strictObject({}) }, ({ step }) => {
    const left = step(
      "left",
      lambda({}, () => {
        calls.push("left");
        return 1;
      }),
    );
    const right = step(
      "right",
      lambda({}, () => {
        calls.push("right");
        return 2;
      }),
    );
    step(
      "sum",
      lambda({ left, right }, (input) => {
        calls.push("sum");
        return input.left + input.right;
      }),
    );
  });
}

/** A run whose left step was begun by newer code, in a state that this code doesn't know. */
async function mixed(words: object = { state: "PARKED", lot: 7 }) {
  const calls: string[] = [];
  const memory = new MemoryEngine([pair(calls)]);
  const runId = await begin(memory, "pair");
  const { holder: _holder, ...held } = aHeldStep({ runId, step: "left", leaseUntil: 0 });
  const newer = { ...held, ...words } as unknown as StepRecord;
  const put = await memory.store.putStep(newer, undefined);
  if (!put.ok) throw new Error("nothing was there");
  const { version } = put.record;
  const left = () => memory.store.getStep({ runId, step: "left", index: 0 });
  const unchanged = async () => expect(await left()).toMatchObject({ state: "UNKNOWN", version, ...rest });
  const { state: _state, ...rest } = words as { state: string };
  return { memory, runId, calls, newer, version, left, unchanged };
}

describe("a step whose record newer code wrote", () => {
  test("isn't changed by messages and sweeps, while the other steps continue", async () => {
    const { memory, runId, calls, unchanged } = await mixed();
    await work(memory);
    for (let look = 0; look < 5; look += 1) await pass(memory, 10 * minute);
    expect(calls).toEqual(["right"]);
    expect(await runOf(memory, runId)).toMatchObject({ state: "RUNNING" });
    expect(memory.nextMessageAt()).toBeUndefined();
    await unchanged();
  });

  test("is shown as UNKNOWN, with its record's own state", async () => {
    const { memory, runId } = await mixed();
    const run = await runOf(memory, runId);
    const records = await memory.store.listSteps(runId);
    const [left] = viewRun(run, await graphOf(memory.engine, run), records, memory.clock.now()).steps;
    expect(left).toMatchObject({ state: "UNKNOWN", stored: { state: "PARKED" }, lot: 7 });
  });

  test("continues after newer code has ended it", async () => {
    const { memory, runId, calls, newer, version } = await mixed();
    await work(memory);
    const end = succeeded(newer as HeldStep, { value: 40 }, memory.clock.now());
    await memory.store.putStep(end, version);
    await pass(memory, 10 * minute);
    expect(calls).toEqual(["right", "sum"]);
    expect(await stepOf(memory, runId, "sum")).toMatchObject({ output: { value: 42 } });
  });

  test("delays the end of a cancelled run until nothing works for the step", async () => {
    const { memory, runId, newer, version, unchanged } = await mixed();
    await work(memory);
    await cancelRun(memory.engine, runId);
    await pass(memory, 10 * minute);
    expect(await runOf(memory, runId)).toMatchObject({ state: "CANCELLING" });
    await unchanged();
    const over = { ...newer, state: "PARKED_FOR_EVER", endedAt: new Date(memory.clock.now()).toISOString() };
    await memory.store.putStep(over as unknown as StepRecord, version);
    await pass(memory, 10 * minute);
    expect(await runOf(memory, runId)).toMatchObject({ state: "CANCELLED" });
  });

  test("isn't restarted by a retry of its run, because it may have a result", async () => {
    const { memory, runId, calls } = await mixed();
    await work(memory);
    const run = await runOf(memory, runId);
    await memory.store.endRun(run, { to: "FAILED", endedAt: new Date(memory.clock.now()).toISOString() });
    await retryRun(memory.engine, runId);
    await work(memory);
    expect(calls).toEqual(["right"]);
    expect(await memory.store.getStep({ runId, step: "left", index: 0 })).toMatchObject({
      state: "UNKNOWN",
      epoch: 1,
    });
  });

  test("delays a step that needs its result, without failing an attempt", async () => {
    const { memory, runId, calls } = await mixed({ state: "HALF_DONE", endedAt: "2021-10-04T16:22:00.000Z" });
    await work(memory);
    // Newer code has joined it.
    await memory.store.joinRun(runId, 1, 0, "done");
    await pass(memory, 10 * minute);
    await pass(memory, 10 * minute);
    expect(calls).toEqual(["right"]);
    expect(await stepOf(memory, runId, "sum")).toMatchObject({ attempt: 1, failures: 0, state: "RUNNING" });
    expect((await stepOf(memory, runId, "sum")).losses).toBeUndefined();
  });
});

describe("a run in a state that only newer code knows", () => {
  test("has its messages sent again, and is skipped by sweeps, which continue with other runs", async () => {
    const memory = new MemoryEngine([pair([])]);
    const runId = await begin(memory, "pair");
    const run = await runOf(memory, runId);
    const draining = { ...run, runId: "draining", state: "DRAINING" } as unknown as RunningRun;
    await memory.store.createRun(draining, memory.clock.now() - 1);
    memory.queue.receive();
    await memory.queue.send([{ runId: "draining", step: "left", index: 0, epoch: 1 }]);
    await memory.handleMessages();
    expect(memory.nextMessageAt()).toBeGreaterThan(memory.clock.now() + 20_000);
    memory.clock.moveTo(memory.clock.now() + 600_000);
    expect(await memory.store.dueRuns(memory.clock.now(), 1)).toEqual(["draining"]);
    expect(await sweepRuns(memory.engine)).toBe(2);
    expect(await memory.store.dueRuns(memory.clock.now(), 10)).toEqual([]);
    await pass(memory, 10 * minute);
    expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
    await expect(memory.store.getRun("draining")).rejects.toThrow('state "DRAINING"');
    expect(await memory.store.listSteps("draining")).toEqual([]);
  });
});
