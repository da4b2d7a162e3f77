import * as z from "zod";
import { MemoryLogReader } from "../../shared/adapters/memory/memory-log-reader.ts";
import { paramsSchemaOf } from "../../shared/app/params-schemas.ts";
import { answerChange } from "../../shared/console/answer-change.ts";
import { answerPage } from "../../shared/console/answer-page.ts";
import { approval, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import type { Pipeline } from "../../shared/pipeline/pipeline.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";

/** A pipeline whose middle step fails on demand, with a map before it. */
export const scores = definePipeline(
  {
    name: "scores",
    params: z.strictObject({
      fails: z.boolean().default(false),
      failing: z.array(z.int()).default([]),
      items: z.int().default(3),
      words: z.string().default("fail"),
    }),
  },
  ({ params, step, map }) => {
    const list = step(
      "list_items",
      lambda({ items: params.items }, ({ items }) => Array.from({ length: items }, (_, item) => item)),
    );
    const scored = map(
      "score_item",
      list,
      (item) =>
        lambda({ item, failing: params.failing, words: params.words }, ({ item, failing, words }) => {
          if (failing.includes(item)) throw new Error(words);
          return item * 2;
        }),
      { retries: 0 },
    );
    step(
      "add_up",
      lambda({ scored, fails: params.fails, words: params.words }, ({ scored, fails, words }) => {
        if (fails) throw new Error(words);
        return { sum: scored.reduce((sum, each) => sum + each, 0) };
      }),
      { retries: 0 },
    );
  },
);

/** A pipeline that waits for a person. */
export const asks = definePipeline({ name: "asks", params: z.strictObject({}) }, ({ step }) => {
  step("ask", approval({ message: "Ship <b>it</b>?", deadline: 86_400 }));
});

/** The functions that a widget's buttons invoke. */
export const endpoints = {
  console: "arn:aws:lambda:eu-west-1:123456789012:function:millrace-dev-console",
  act: "arn:aws:lambda:eu-west-1:123456789012:function:millrace-dev-console-act",
};

/** Both functions of the console of a stage in memory. */
export function consoleOf(memory: MemoryEngine, logs = new MemoryLogReader()) {
  return {
    memory,
    logs,
    console: (event: unknown) =>
      answerPage({ engine: memory.engine, logs, paramsSchemaOf }, endpoints, event, "request-1"),
    act: (event: unknown) => answerChange(memory.engine, endpoints, event, "request-2"),
  };
}

/** A stage in memory, with both functions of its console. @param start epoch milliseconds */
export function consoleStage(
  start = Date.parse("2021-10-04T16:21:00Z"),
  pipelines: readonly Pipeline[] = [scores, asks],
) {
  return consoleOf(new MemoryEngine(pipelines, {}, start));
}
