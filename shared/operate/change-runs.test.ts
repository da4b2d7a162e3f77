import * as z from "zod";
import { begin, statesOf } from "../../test/engine/driving.ts";
import { approval, definePipeline } from "../pipeline/index.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { cancelRuns, retryRuns } from "./change-runs.ts";

const asks = definePipeline({ name: "asks", params: z.strictObject({}) }, ({ step }) => {
  step("ask", approval({ message: "Go on?", deadline: 86_400 }));
});

test("each run is answered in the order of the request, each once, and one that fails stops no other", async () => {
  const memory = new MemoryEngine([asks]);
  const first = await begin(memory, "asks");
  const second = await begin(memory, "asks");
  const { runs } = await cancelRuns(memory.engine, [second, "none", first, second]);
  expect(runs.map(({ runId, changed }) => [runId, changed])).toEqual([
    [second, true],
    ["none", false],
    [first, true],
  ]);
  expect(runs[1]?.error).toMatchObject({ code: "RUN_NOT_FOUND" });
});

test("a run that can't be retried says why, and an error of the store is a line of its own", async () => {
  const memory = new MemoryEngine([asks]);
  const runId = await begin(memory, "asks");
  expect((await retryRuns(memory.engine, [runId])).runs[0]?.error).toMatchObject({
    code: "RUN_STATE",
    remedy: "Cancel it first, or wait for its end.",
  });
  const store = Object.assign(Object.create(memory.store), {
    getRun: (id: string) =>
      id === "throttled" ? Promise.reject(new Error("slow down")) : memory.store.getRun(id),
  });
  const { runs } = await cancelRuns({ ...memory.engine, store }, ["throttled", runId]);
  expect(runs[0]).toEqual({
    ...{ runId: "throttled", changed: false },
    error: { name: "Error", message: "slow down" },
  });
  expect(runs[1]?.changed).toBe(true);
});

test("runs for which no time is left are not tried, and the answer says so", async () => {
  const memory = new MemoryEngine([asks]);
  const ids: string[] = [];
  for (let run = 0; run < 7; run += 1) ids.push(await begin(memory, "asks"));
  const start = memory.clock.now();
  const store = Object.assign(Object.create(memory.store), {
    getRun: async (id: string) => {
      memory.clock.moveTo(start + 10_000);
      return memory.store.getRun(id);
    },
  });
  const { runs } = await cancelRuns({ ...memory.engine, store }, ids);
  const left = runs.filter(({ error }) => error?.name === "NotTried").map(({ runId }) => runId);
  expect(left.length).toBeGreaterThan(0);
  expect(new Set(await statesOf(memory, left))).toEqual(new Set(["RUNNING"]));
});
