import * as z from "zod";
import { definePipeline, FatalError, lambda } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin } from "../../test/engine/driving.ts";
import { stepPlace } from "../step-place.ts";
import { readRunResult, readStepResult } from "./read-result.ts";

const large = "x".repeat(10_000);

const params = z.strictObject({ fails: z.boolean().default(false) });

const sums = definePipeline({ name: "sums", params }, ({ params: { fails }, step, map }) => {
  const text = step(
    "text",
    lambda({}, () => large),
  );
  const squares = map("square", [2, 3], (n) => lambda({ n }, (input) => input.n ** 2));
  const sum = step(
    "sum",
    lambda({ squares, fails }, (input) => {
      if (input.fails) throw new FatalError("it does not add up");
      return input.squares[0] ?? 0;
    }),
  );
  return { sum, text };
});
const mute = definePipeline({ name: "mute", params: z.strictObject({}) }, ({ step }) => {
  step(
    "only",
    lambda({}, () => 1),
  );
});

/** Drives a run as far as it gets, and returns where its results are read from. */
async function ended(pipeline: string, given: { fails?: boolean } = {}) {
  const memory = new MemoryEngine([sums, mute], {}, Date.parse("2021-10-30T12:00:00Z"));
  const runId = await begin(memory, pipeline, { params: given });
  const before = { stage: "local", store: memory.store, objects: async () => memory.engine.objects };
  const early = await readStepResult(before, runId, { step: "only" }).catch((error: Error) => error.message);
  while (await memory.turn());
  return { runId, early, target: before };
}

const read = async (made: Awaited<ReturnType<typeof ended>>, step: string) =>
  readStepResult(made.target, made.runId, stepPlace("STEP", step));

test("the results of runs, steps, children and maps are read, inline or from S3", async () => {
  const made = await ended("sums");
  expect(await readRunResult(made.target, made.runId)).toEqual({ sum: 4, text: large });
  expect(await read(made, "text")).toBe(large);
  expect(await read(made, "square")).toEqual([4, 9]);
  expect(await read(made, "square[1]")).toBe(9);
});

test("a step without a result prints its state", async () => {
  const made = await ended("sums", { fails: true });
  await expect(readRunResult(made.target, made.runId)).rejects.toMatchObject({
    code: "RESULT_MISSING",
    message: `run ${made.runId} is FAILED; it has a result once it is SUCCEEDED`,
    remedy: `Look at a step's result: \`npx millrace result ${made.runId} STEP\` with text, square, sum.`,
  });
  await expect(read(made, "sum")).rejects.toThrow(
    `sum of run ${made.runId} has no result; it is FAILED: FatalError: it does not add up`,
  );
  await expect(read(made, "square[2]")).rejects.toThrow(
    'STEP is "square[2]"; the list of square has 2 items, from 0',
  );
  await expect(read(made, "product")).rejects.toThrow(
    'STEP is "product"; the run has the steps text, square, sum',
  );
});

test("a pipeline that returns nothing names the steps that have results", async () => {
  const made = await ended("mute");
  expect(made.early).toBe(`only of run ${made.runId} has no result; it is READY`);
  await expect(readRunResult(made.target, made.runId)).rejects.toThrow("pipeline mute returns nothing");
  await expect(readRunResult(made.target, made.runId)).rejects.toMatchObject({
    remedy: expect.stringMatching(/STEP` with only\.$/),
  });
});
