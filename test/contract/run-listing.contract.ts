import type { RunFilter, RunStore } from "../../shared/ports/run-store.ts";
import { runStates } from "../../shared/state/run.ts";
import type { RunMove } from "../../shared/state/run-changes.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";

const cancel: Extract<RunMove, { to: "CANCELLING" }> = {
  to: "CANCELLING",
  endsAs: "CANCELLED",
  reason: "asked by ana",
};

/** What a run store promises about lists of runs and of what is due. `create` returns a new, empty store. */
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
    test("runs that are due at or before a time are listed soonest first", async () => {
      const third = await startRun("a", 0, epochStart + 3000);
      const first = await startRun("a", 0, epochStart + 1);
      const second = await startRun("b", 0, epochStart + 1000);
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 1000, 10)).toEqual([first.runId, second.runId]);
      expect(await store.dueRuns(epochStart + 3000, 2)).toEqual([first.runId, second.runId]);
      expect(await store.dueRuns(epochStart + 3000, 10)).toEqual([first.runId, second.runId, third.runId]);
    });

    test("a run that ended and is closed is no longer due, until it is reopened", async () => {
      const run = await startRun("a", 0);
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(1) });
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      await store.deferRun(run.runId, epochStart);
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      await store.reopenRun(run, timeAt(2), epochStart + 500);
      expect(await store.dueRuns(epochStart + 499, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 500, 10)).toEqual([run.runId]);
    });

    test("a run that ended and isn't closed is due, and can be deferred, until it is closed", async () => {
      const run = await startRun("a", 0);
      await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(1) }, epochStart + 500);
      expect(await store.dueRuns(epochStart + 499, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 500, 10)).toEqual([run.runId]);
      await store.deferRun(run.runId, epochStart + 700);
      expect(await store.dueRuns(epochStart + 500, 10)).toEqual([]);
      await store.closeRun(run.runId, 1);
      await store.closeRun(run.runId, 1);
      expect(await store.dueRuns(epochStart + 700, 10)).toEqual([]);
      expect(await store.getRun(run.runId)).toMatchObject({ state: "SUCCEEDED", endedAt: timeAt(1) });
      await store.deferRun(run.runId, epochStart);
      expect(await store.dueRuns(epochStart + 700, 10)).toEqual([]);
    });

    test("only an ended run of the same epoch is closed", async () => {
      const run = await startRun("a", 0);
      await store.closeRun(run.runId, 1);
      expect(await store.dueRuns(epochStart, 10)).toEqual([run.runId]);
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(1) }, epochStart);
      await store.closeRun(run.runId, 2);
      expect(await store.dueRuns(epochStart, 10)).toEqual([run.runId]);
      await store.reopenRun(run, timeAt(2), epochStart);
      await store.closeRun(run.runId, 1);
      await store.closeRun(run.runId, 2);
      expect(await store.dueRuns(epochStart, 10)).toEqual([run.runId]);
      await store.closeRun("unknown", 1);
      expect(await store.getRun("unknown")).toBeUndefined();
    });

    test("waiting and paused runs are due like any other", async () => {
      const scheduled = aRun({ state: "SCHEDULED" });
      const queued = aRun({ state: "QUEUED" });
      const paused = aRun();
      await store.createRun(scheduled, epochStart + 3);
      await store.createRun(queued, epochStart + 1);
      await store.createRun(paused, epochStart);
      await store.moveRun(paused.runId, 1, { to: "PAUSED" }, epochStart + 2);
      const order = [queued, paused, scheduled].map(({ runId }) => runId);
      expect(await store.dueRuns(epochStart + 3, 10)).toEqual(order);
      await store.moveRun(scheduled.runId, 1, { to: "QUEUED" }, epochStart + 9);
      expect(await store.dueRuns(epochStart + 3, 10)).toEqual(order.slice(0, 2));
    });

    test("a deferred or cancelled run is due at its new time only", async () => {
      const deferred = await startRun("a", 0);
      const cancelled = await startRun("a", 0, epochStart + 99_000);
      await store.deferRun(deferred.runId, epochStart + 2000);
      await store.moveRun(cancelled.runId, 1, cancel, epochStart + 1000);
      expect(await store.dueRuns(epochStart + 1000, 10)).toEqual([cancelled.runId]);
      expect(await store.dueRuns(epochStart + 2000, 10)).toEqual([cancelled.runId, deferred.runId]);
      await store.deferRun(cancelled.runId, epochStart + 3000);
      expect(await store.dueRuns(epochStart + 2000, 10)).toEqual([deferred.runId]);
    });

    test("a run can be deferred only while it is in a state", async () => {
      const { runId } = await startRun("a", 0, epochStart);
      await store.deferRun(runId, epochStart + 1000, "QUEUED");
      expect(await store.dueRuns(epochStart, 10)).toEqual([runId]);
      await store.deferRun(runId, epochStart + 1000, "RUNNING");
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 1000, 10)).toEqual([runId]);
    });

    test("a join doesn't change when a run is due", async () => {
      const { runId } = await startRun("a", 0, epochStart + 5);
      await store.joinRun(runId, 1, 0, "done");
      expect(await store.dueRuns(epochStart + 5, 10)).toEqual([runId]);
    });

    test("deferring an unknown run creates none", async () => {
      await store.deferRun("unknown", epochStart);
      expect(await store.getRun("unknown")).toBeUndefined();
      expect(await store.dueRuns(epochStart, 10)).toEqual([]);
    });
  });

  describe("lists", () => {
    test("runs are listed newest first, with all fields of a list", async () => {
      await startRun("a", 1);
      const last = await startRun("b", 3);
      const { runId } = last;
      await startRun("a", 2);
      await store.endRun(last, { to: "SUCCEEDED", endedAt: timeAt(9) });
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
          tags: [],
        },
      ]);
    });

    test("a list can be filtered by pipeline, by state, or by both", async () => {
      const first = await startRun("a", 1);
      await startRun("a", 2);
      const third = await startRun("b", 3);
      await startRun("b", 4);
      await store.endRun(first, { to: "FAILED", endedAt: timeAt(9) });
      await store.endRun(third, { to: "FAILED", endedAt: timeAt(9) });
      expect(await listed({ pipeline: "a" })).toEqual(["at 2", "at 1"]);
      expect(await listed({ state: "FAILED" })).toEqual(["at 3", "at 1"]);
      expect(await listed({ state: "RUNNING" })).toEqual(["at 4", "at 2"]);
      expect(await listed({ pipeline: "b", state: "FAILED" })).toEqual(["at 3"]);
      expect(await listed({ pipeline: "b", state: "RUNNING" })).toEqual(["at 4"]);
      expect(await listed({ pipeline: "b", state: "CANCELLED" })).toEqual([]);
      expect(await listed({ pipeline: "unknown" })).toEqual([]);
    });

    test("a run is listed under its latest state", async () => {
      const run = await startRun("a", 1);
      await store.moveRun(run.runId, 1, cancel, epochStart);
      expect([await listed({ state: "RUNNING" }), await listed({ state: "CANCELLING" })]).toEqual([
        [],
        ["at 1"],
      ]);
      await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(5) });
      expect([await listed({ state: "CANCELLING" }), await listed({ state: "CANCELLED" })]).toEqual([
        [],
        ["at 1"],
      ]);
      await store.reopenRun(run, timeAt(6), epochStart);
      expect([await listed({ state: "CANCELLED" }), await listed({ state: "RUNNING" })]).toEqual([
        [],
        ["at 1"],
      ]);
      expect((await store.listRuns({ state: "RUNNING" }, 1)).runs[0]).not.toHaveProperty("endedAt");
    });

    test("every state can be listed, for one pipeline too", async () => {
      const made = {
        SCHEDULED: aRun({ state: "SCHEDULED" }),
        QUEUED: aRun({ state: "QUEUED" }),
        RUNNING: aRun(),
        PAUSED: aRun(),
        CANCELLING: aRun(),
        SUCCEEDED: aRun(),
        FAILED: aRun(),
        CANCELLED: aRun(),
        TIMED_OUT: aRun(),
      };
      for (const run of Object.values(made)) await store.createRun(run, epochStart);
      await store.moveRun(made.PAUSED.runId, 1, { to: "PAUSED" }, epochStart);
      await store.moveRun(made.CANCELLING.runId, 1, cancel, epochStart);
      await store.moveRun(made.CANCELLED.runId, 1, cancel, epochStart);
      await store.moveRun(made.TIMED_OUT.runId, 1, { ...cancel, endsAs: "TIMED_OUT" }, epochStart);
      for (const to of ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] as const) {
        await store.endRun(made[to], { to, endedAt: timeAt(9) });
      }
      for (const state of runStates) {
        for (const filter of [{ state }, { state, pipeline: "ridge-sweep" }]) {
          const { runs } = await store.listRuns(filter, 10);
          expect(runs.map(({ runId, state }) => [runId, state])).toEqual([[made[state].runId, state]]);
        }
        expect((await store.listRuns({ state, pipeline: "other" }, 10)).runs).toEqual([]);
      }
      expect((await store.listRuns({}, 100)).runs).toHaveLength(9);
    });

    test.each<[string, RunFilter]>([
      ["all runs", {}],
      ["a pipeline", { pipeline: "a" }],
      ["a state", { state: "RUNNING" }],
      ["a pipeline's runs in an active state", { pipeline: "a", state: "RUNNING" }],
      ["a pipeline's runs that ended", { pipeline: "a", state: "FAILED" }],
    ])(
      "pages of %s hold every run once and in order, even if runs started at the same time",
      async (_, filter) => {
        const expected: string[] = [];
        for (let number = 0; number < 23; number += 1) {
          const run = await startRun("a", Math.floor(number / 3));
          await startRun("b", number);
          if (filter.state === "FAILED") await store.endRun(run, { to: "FAILED", endedAt: timeAt(99) });
          expected.push(`${run.startedAt}#${run.runId}`);
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

    test.each<[string, RunFilter]>([
      ["of all", {}],
      ["of successful ones", { state: "SUCCEEDED" }],
    ])("a list %s spans days, full ones and sparse ones, with and without a time", async (_, filter) => {
      const day = 86_400;
      const seconds = [
        0,
        1,
        2,
        3,
        4,
        5,
        day - 1,
        day,
        3 * day,
        9 * day,
        9 * day + 1,
        40 * day,
        41 * day,
        400 * day,
      ];
      for (const second of seconds) {
        const run = await startRun(second % 2 === 0 ? "a" : "b", second);
        await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(401 * day) });
      }
      const failed = await startRun("a", 2 * day);
      await store.endRun(failed, { to: "FAILED", endedAt: timeAt(401 * day) });
      const all = [...seconds, ...(filter.state === undefined ? [2 * day] : [])].sort((a, b) => b - a);
      for (const [since, until] of [[], [1, 40 * day], [day, 10 * day], [41 * day, undefined]]) {
        const within = all.filter((second) => second >= (since ?? 0) && second < (until ?? Infinity));
        const range = {
          ...(since !== undefined && { since: timeAt(since) }),
          ...(until !== undefined && { until: timeAt(until) }),
        };
        for (const limit of [1, 4, 100]) {
          const seen: string[] = [];
          let from: string | undefined;
          do {
            const page = await store.listRuns({ ...filter, ...range }, limit, from);
            expect(page.runs.length).toBeLessThanOrEqual(limit);
            seen.push(...page.runs.map(({ name }) => name));
            from = page.next;
          } while (from !== undefined);
          expect(seen).toEqual(within.map((second) => `at ${second}`));
        }
      }
    });

    describe("by tag and time", () => {
      /**
       * Twelve runs, one second apart: every third has a tag, every second belongs to another pipeline, every fourth
       * failed.
       */
      const startAll = async () => {
        for (let second = 0; second < 12; second += 1) {
          const run = aRun({
            pipeline: second % 2 === 0 ? "even" : "odd",
            startedAt: timeAt(second),
            name: `at ${second}`,
            tags: second % 3 === 0 ? ["third", `at:${second}`] : [],
          });
          await store.createRun(run, epochStart);
          if (second % 4 === 0) await store.endRun(run, { to: "FAILED", endedAt: timeAt(99) });
          else if (second !== 9) await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(99) });
        }
      };
      const at = (...seconds: number[]) => seconds.map((second) => `at ${second}`);

      test.each<[string, RunFilter, number[]]>([
        ["a tag", { tag: "third" }, [9, 6, 3, 0]],
        ["a tag that one run has", { tag: "at:6" }, [6]],
        ["a tag that no run has", { tag: "fourth" }, []],
        ["a tag and a pipeline", { tag: "third", pipeline: "odd" }, [9, 3]],
        ["a tag and a state", { tag: "third", state: "FAILED" }, [0]],
        ["a tag and success", { tag: "third", state: "SUCCEEDED" }, [6, 3]],
        ["a tag, a state and a pipeline", { tag: "third", state: "RUNNING", pipeline: "odd" }, [9]],
        ["a tag and a time", { tag: "third", since: timeAt(3), until: timeAt(9) }, [6, 3]],
        ["a time", { since: timeAt(9), until: timeAt(11) }, [10, 9]],
        ["a start of the time range", { since: timeAt(10) }, [11, 10]],
        ["an end of the time range", { until: timeAt(2) }, [1, 0]],
        ["an empty time range", { since: timeAt(5), until: timeAt(5) }, []],
        ["a pipeline and a time", { pipeline: "even", since: timeAt(4), until: timeAt(8) }, [6, 4]],
        ["a state and a time", { state: "FAILED", since: timeAt(1) }, [8, 4]],
      ])("a list can be filtered by %s", async (_, filter, seconds) => {
        await startAll();
        expect(await listed(filter)).toEqual(at(...seconds));
        const paged: string[] = [];
        let from: string | undefined;
        do {
          const page = await store.listRuns(filter, 1, from);
          expect(page.runs.length).toBeLessThanOrEqual(1);
          paged.push(...page.runs.map(({ name }) => name));
          from = page.next;
        } while (from !== undefined);
        expect(paged).toEqual(at(...seconds));
      });

      test("a run is found by its tags, and no longer by removed ones", async () => {
        const run = aRun({ tags: ["a"] });
        await store.createRun(run, epochStart);
        await store.tagRun(run, ["b"]);
        expect([await listed({ tag: "a" }), await listed({ tag: "b" })]).toEqual([[], ["october"]]);
        expect((await store.listRuns({ tag: "b" }, 1)).runs[0]?.tags).toEqual(["b"]);
        expect((await store.listRuns({}, 1)).runs[0]?.tags).toEqual(["b"]);
        await store.tagRun({ ...run, tags: ["b"] }, []);
        expect([await listed({ tag: "a" }), await listed({ tag: "b" })]).toEqual([[], []]);
      });

      test("a queued run with tags is found while it waits", async () => {
        const run = aRun({ state: "QUEUED", tags: ["a"], limits: [{ name: "pipeline/x", limit: 1 }] });
        await store.createRun(run, epochStart);
        expect(await listed({ tag: "a" })).toEqual(["october"]);
        expect(await store.waitingRuns(run.queue, 10)).toHaveLength(1);
      });
    });

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
