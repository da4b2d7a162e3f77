import * as z from "zod";
import { child, definePipeline, lambda, type Pipeline } from "../../shared/pipeline/index.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { runOf, stepOf } from "./driving.ts";

const none = z.strictObject({});

/** A child that returns twice its input, or fails while it's broken. */
export function doubling(broken: { now: boolean } = { now: false }) {
  const calls: string[] = [];
  const pipeline = definePipeline(
    { name: "doubling", params: z.strictObject({ n: z.number().default(7) }) },
    (build) => {
      const { params, step } = build;
      const first = step(
        "first",
        lambda({ n: params.n }, ({ n }) => {
          calls.push(`first ${n}`);
          return n;
        }),
      );
      const second = step(
        "second",
        lambda({ first }, ({ first }) => {
          calls.push(`second ${first}`);
          if (broken.now) throw new Error(`${first} cannot be doubled`);
          return first * 2;
        }),
      );
      return { doubled: second };
    },
  );
  return { pipeline, calls };
}

/** Three pipelines, each a step of the next. The innermost is the given one. */
export function nested(innermost: Pipeline) {
  const inner = definePipeline({ name: "inner", params: none }, ({ step }) =>
    step("c", child(innermost, {})),
  );
  const middle = definePipeline({ name: "middle", params: none }, ({ step }) => step("b", child(inner, {})));
  return definePipeline({ name: "outer", params: none }, ({ step }) => step("a", child(middle, {})));
}

/** The run that a step of another run started. */
export async function childOf(memory: MemoryEngine, runId: string, step: string, index = 0) {
  const record = await stepOf(memory, runId, step, index);
  if (!("child" in record) || record.child === undefined) throw new Error(`${step} has no child`);
  return runOf(memory, record.child.runId);
}
