import { begin } from "../engine/driving.ts";
import { countingReads } from "./counting-reads.ts";
import { pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

/** A run with a map of which some items fail. */
async function mapped(items: number, failing: readonly number[]) {
  const stage = consoleStage();
  const { memory } = stage;
  const runId = await begin(memory, "scores", {
    params: { items, failing: [...failing], words: "odd item" },
  });
  await memory.finish(runId);
  const watch = countingReads(memory.store);
  memory.engine = { ...memory.engine, store: watch.store };
  const answer = String(await stage.console({ page: "run", runId }));
  return { answer, text: pageText(answer), watch };
}

test("the children of a small map are read, all at once", async () => {
  const { text, watch } = await mapped(6, []);
  expect(text).toContain("6/6 done");
  expect(watch.counts).toEqual({ getRun: 1, getSteps: 2 });
});

test("a map of 10,000 is counted by its tallies, and only its first failures are read", async () => {
  const failing = Array.from({ length: 12 }, (_, place) => 9000 + place * 7);
  const { answer, text, watch } = await mapped(10_000, failing);
  expect(text).toContain("9988/10000 done, 12 failed");
  expect(text).toContain("score_item[9000]: odd item");
  expect(text).not.toContain("score_item[9021]: odd item");
  expect(watch.counts).toEqual({ getRun: 1, getSteps: 2, listTallies: 1 });
  expect(watch.keys()).toBeLessThanOrEqual(3 + 3);
  expect(Buffer.byteLength(answer)).toBeLessThan(200_000);
});
