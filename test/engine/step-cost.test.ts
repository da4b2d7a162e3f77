import { overBudgetLines } from "../../bench/calls.ts";
import { type CountedEngine, startCountedEngine } from "../../bench/counted-engine.ts";
import { chainSteps, jobCalls, mapCalls, maxCost, tailCalls } from "../../bench/step-calls.ts";

// The AWS adapters' requests are counted at the SDK. These figures are exact, so any growth comes from a code change.

describe("what a step costs in requests to AWS", () => {
  let counted: CountedEngine;
  beforeAll(async () => {
    counted = await startCountedEngine();
  });
  afterAll(() => counted.stop());

  test("a step of a chain of 100 takes 3 write units, 2 reads and 1 send, wherever it stands", async () => {
    const steps = await chainSteps(counted);
    expect(maxCost(steps)).toEqual({
      messages: 98,
      writes: 3,
      writeUnits: 3,
      reads: 2,
      readUnits: 2,
      sends: 1,
      objects: 0,
      batch: 0,
    });
    expect(overBudgetLines("chain step", maxCost(steps))).toEqual([]);
  });

  test("a step of a chain takes 1 read in a worker that ran the step before", async () => {
    const steps = await chainSteps(counted, "same");
    expect(maxCost(steps)).toMatchObject({ writeUnits: 3, reads: 1, readUnits: 1, sends: 1 });
  });

  test("100 steps that follow one another in one worker take 3 writes each, 1 read in all and no send", async () => {
    const { handled, steps } = await tailCalls(counted);
    // The run's end is one more write.
    expect(maxCost([handled])).toMatchObject({ writes: 3 * steps + 1, reads: 1, readUnits: 1, sends: 0 });
  });

  test("a child of a map takes 3 write units and 2 reads, and sends nothing", async () => {
    const { children, lastOfShard, shards } = await mapCalls(counted, 205);
    expect(maxCost(children)).toMatchObject({
      messages: 203,
      writeUnits: 3,
      reads: 2,
      readUnits: 2,
      sends: 0,
      objects: 0,
    });
    expect(lastOfShard).toHaveLength(2);
    // A shard's worker sends its 200 children ten at a time.
    expect(maxCost(shards)).toMatchObject({ writeUnits: 0, sends: 20 });
  });

  test("a batch step takes 2 write units for its submission and 2 for its end", async () => {
    const { submission, progress, end } = await jobCalls(counted);
    expect(maxCost([submission])).toMatchObject({ writeUnits: 2, readUnits: 3, objects: 1, batch: 1 });
    expect(maxCost([progress])).toMatchObject({ writeUnits: 1, readUnits: 2, objects: 0, batch: 0 });
    expect(maxCost([end])).toMatchObject({ writeUnits: 2, readUnits: 2, sends: 1, objects: 1, batch: 0 });
  });

  test("a child takes 1 read in a worker that ran another, and each part of a list in S3 1 object", async () => {
    // This test comes last because it leaves most of the map's messages in the queue.
    const { children } = await mapCalls(counted, 1000, 300, "same");
    const [, ...others] = children;
    expect(maxCost(others)).toMatchObject({ writeUnits: 3, reads: 1, readUnits: 1, sends: 0 });
    const reading = others.filter((child) => maxCost([child]).objects > 0);
    expect(maxCost(reading).objects).toBe(1);
    expect(reading.length).toBeLessThan(1000 / 200);
  });
});
