import type { RunStore } from "../../shared/ports/run-store.ts";
import { begin } from "../engine/driving.ts";
import { pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

type Read =
  | "getRun"
  | "getGraph"
  | "getSteps"
  | "listSteps"
  | "listTallies"
  | "getTally"
  | "getStep"
  | "listRuns"
  | "getSlots";
const reads: readonly Read[] = [
  ...(["getRun", "getGraph", "getSteps", "listSteps", "listTallies"] as const),
  ...(["getTally", "getStep", "listRuns", "getSlots"] as const),
];

/** A store that counts its reads, and the keys that batch reads ask for. */
function counting(store: RunStore) {
  const counts: Partial<Record<Read, number>> = {};
  let keys = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const read = reads.find((each) => each === name);
      return (...args: unknown[]) => {
        if (read !== undefined) counts[read] = (counts[read] ?? 0) + 1;
        if (read === "getSteps" && Array.isArray(args[0])) keys += args[0].length;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: counted, counts, keys: () => keys };
}

/** A run with a map of which some items fail. */
async function mapped(items: number, failing: readonly number[]) {
  const stage = consoleStage();
  const { memory } = stage;
  const runId = await begin(memory, "scores", {
    params: { items, failing: [...failing], words: "odd item" },
  });
  await memory.finish(runId);
  const watch = counting(memory.store);
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
