import type { RunFilter, RunStore } from "../../shared/store/run-store.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";

/** What a run store promises of lists of runs and of what is due. `create` gives a new, empty store. */
export function runListingContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const startRun = async (pipeline: string, second: number, dueAt = epochStart) => {
    const run = aRun({ pipeline, startedAt: timeAt(second), name: `at ${second}` });
    await store.createRun(run, dueAt);
    return run;
  };
  const listed = async (filter: RunFilter, limit = 100) =>
    (await store.listRuns(filter, limit)).runs.map((run) => run.name);

  describe("due runs", () => {
    test("the runs due at a time or before come soonest first", async () => {
      const third = await startRun("a", 0, epochStart + 3000);
      const first = await startRun("a", 0, epochStart + 1);
      const second = await startRun("b", 0, epochStart + 1000);
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 1000, 10)).toEqual([first.runId, second.runId]);
      expect(await store.dueRuns(epochStart + 3000, 2)).toEqual([first.runId, second.runId]);
      expect(await store.dueRuns(epochStart + 3000, 10)).toEqual([first.runId, second.runId, third.runId]);
    });

    test("a run that ended is due no more, until it is opened again", async () => {
      const { runId } = await startRun("a", 0);
      await store.endRun(runId, 1, "RUNNING", "FAILED", timeAt(1));
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      await store.deferRun(runId, epochStart);
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      await store.reopenRun(runId, 1, epochStart + 500);
      expect(await store.dueRuns(epochStart + 499, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 500, 10)).toEqual([runId]);
    });

    test("a run that is deferred or to be cancelled is due at the new time only", async () => {
      const deferred = await startRun("a", 0);
      const cancelled = await startRun("a", 0, epochStart + 99_000);
      await store.deferRun(deferred.runId, epochStart + 2000);
      await store.requestCancel(cancelled.runId, epochStart + 1000);
      expect(await store.dueRuns(epochStart + 1000, 10)).toEqual([cancelled.runId]);
      expect(await store.dueRuns(epochStart + 2000, 10)).toEqual([cancelled.runId, deferred.runId]);
      await store.deferRun(cancelled.runId, epochStart + 3000);
      expect(await store.dueRuns(epochStart + 2000, 10)).toEqual([deferred.runId]);
    });

    test("joining leaves a run due when it was", async () => {
      const { runId } = await startRun("a", 0, epochStart + 5);
      await store.joinRun(runId, 1, 0, "done");
      expect(await store.dueRuns(epochStart + 5, 10)).toEqual([runId]);
    });

    test("deferring a run that does not exist makes none", async () => {
      await store.deferRun("unknown", epochStart);
      expect(await store.getRun("unknown")).toBeUndefined();
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
    });
  });

  describe("lists", () => {
    test("runs come newest first, with what a list shows of them", async () => {
      await startRun("a", 1);
      const { runId } = await startRun("b", 3);
      await startRun("a", 2);
      await store.endRun(runId, 1, "RUNNING", "SUCCEEDED", timeAt(9));
      expect(await listed({})).toEqual(["at 3", "at 2", "at 1"]);
      expect((await store.listRuns({}, 1)).runs).toEqual([
        {
          runId,
          pipeline: "b",
          name: "at 3",
          state: "SUCCEEDED",
          scheduledAt: timeAt(0),
          startedAt: timeAt(3),
          endedAt: timeAt(9),
        },
      ]);
    });

    test("a list can be of one pipeline, of one state, or both", async () => {
      const first = await startRun("a", 1);
      await startRun("a", 2);
      const third = await startRun("b", 3);
      await startRun("b", 4);
      await store.endRun(first.runId, 1, "RUNNING", "FAILED", timeAt(9));
      await store.endRun(third.runId, 1, "RUNNING", "FAILED", timeAt(9));
      expect(await listed({ pipeline: "a" })).toEqual(["at 2", "at 1"]);
      expect(await listed({ state: "FAILED" })).toEqual(["at 3", "at 1"]);
      expect(await listed({ state: "RUNNING" })).toEqual(["at 4", "at 2"]);
      expect(await listed({ pipeline: "b", state: "FAILED" })).toEqual(["at 3"]);
      expect(await listed({ pipeline: "b", state: "RUNNING" })).toEqual(["at 4"]);
      expect(await listed({ pipeline: "b", state: "CANCELLED" })).toEqual([]);
      expect(await listed({ pipeline: "unknown" })).toEqual([]);
    });

    test("a run is listed under the state that it came to", async () => {
      const { runId } = await startRun("a", 1);
      await store.requestCancel(runId, epochStart);
      expect([await listed({ state: "RUNNING" }), await listed({ state: "CANCELLING" })]).toEqual([
        [],
        ["at 1"],
      ]);
      await store.endRun(runId, 1, "CANCELLING", "CANCELLED", timeAt(5));
      expect([await listed({ state: "CANCELLING" }), await listed({ state: "CANCELLED" })]).toEqual([
        [],
        ["at 1"],
      ]);
      await store.reopenRun(runId, 1, epochStart);
      expect([await listed({ state: "CANCELLED" }), await listed({ state: "RUNNING" })]).toEqual([
        [],
        ["at 1"],
      ]);
      expect((await store.listRuns({ state: "RUNNING" }, 1)).runs[0]).not.toHaveProperty("endedAt");
    });

    test.each<[string, RunFilter]>([
      ["all runs", {}],
      ["a pipeline", { pipeline: "a" }],
      ["a state", { state: "RUNNING" }],
      ["a pipeline's runs in an active state", { pipeline: "a", state: "RUNNING" }],
      ["a pipeline's runs that ended", { pipeline: "a", state: "FAILED" }],
    ])(
      "pages of %s hold every run once and in order, also of runs that started at once",
      async (_, filter) => {
        const expected: string[] = [];
        for (let number = 0; number < 23; number += 1) {
          const { runId, startedAt } = await startRun("a", Math.floor(number / 3));
          await startRun("b", number);
          if (filter.state === "FAILED") await store.endRun(runId, 1, "RUNNING", "FAILED", timeAt(99));
          expected.push(`${startedAt}#${runId}`);
        }
        const seen: string[] = [];
        let from: string | undefined;
        let pages = 0;
        do {
          const page = await store.listRuns(filter, 5, from);
          seen.push(
            ...page.runs.filter((run) => run.pipeline === "a").map((run) => `${run.startedAt}#${run.runId}`),
          );
          from = page.next;
          pages += 1;
        } while (from !== undefined);
        expect(seen).toEqual(expected.sort().reverse());
        expect(pages).toBe(Math.ceil((filter.pipeline ? 23 : 46) / 5));
      },
    );

    test("a last page that is full has no next one", async () => {
      for (const second of [1, 2, 3, 4]) await startRun("a", second);
      const { next } = await store.listRuns({ pipeline: "a" }, 2);
      expect(next).toBeDefined();
      const last = await store.listRuns({ pipeline: "a" }, 2, next);
      expect(last.runs.map((run) => run.name)).toEqual(["at 2", "at 1"]);
      expect(last).not.toHaveProperty("next");
    });
  });
}
