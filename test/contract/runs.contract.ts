import type { ActiveRun, Run } from "../../shared/state/run.ts";
import type { RunStore } from "../../shared/store/run-store.ts";
import { aChain, aRun, epochStart, timeAt } from "../factories.ts";

const later = epochStart + 120_000;
const error = { step: "fit", name: "OutOfMemory", message: "no room" };

/** What a run store promises of graphs and runs, whatever stands behind it. `create` gives a new, empty store. */
export function runsContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const created = async (overrides: Partial<ActiveRun> = {}) => {
    const run = aRun(overrides);
    await store.createRun(run, later);
    return run;
  };
  const ended = async (to: "SUCCEEDED" | "FAILED" | "CANCELLED") => {
    const run = await created();
    if (to === "CANCELLED") await store.requestCancel(run.runId, later);
    const from = to === "CANCELLED" ? "CANCELLING" : "RUNNING";
    expect(await store.endRun(run.runId, 1, from, to, timeAt(60))).toBe(true);
    return run;
  };

  describe("graphs", () => {
    test("a graph is found by its hash, as it was stored", async () => {
      const graph = aChain("load", "fit");
      await store.putGraph("hash", graph);
      await store.putGraph("hash", graph);
      expect(await store.getGraph("hash")).toEqual(graph);
    });

    test("no graph is found by a hash that nothing was stored under", async () => {
      expect(await store.getGraph("unknown")).toBeUndefined();
    });
  });

  describe("creating runs", () => {
    test("a run is read as it was created", async () => {
      const run = aRun({
        params: {
          empty: "",
          nothing: null,
          list: [],
          huge: 1e300,
          tiny: 5e-324,
          nested: { deep: [true, "µ"] },
        },
        cause: { kind: "object", uri: "s3://data/raw/a b.csv", versionId: "v1" },
      });
      expect(await store.createRun(run, later)).toBe("created");
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("a run with progress keeps it", async () => {
      const progress = { done: new Set([0, 2]), failed: new Set([1]), skipped: new Set([10]) };
      const run = await created({ progress, epoch: 2 });
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("a second run of the same id is not made, and the first one stays", async () => {
      const run = await created();
      expect(await store.createRun({ ...run, name: "impostor" }, later)).toBe("exists");
      expect(await store.createRun(run, later)).toBe("exists");
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("of racing creations of one run exactly one wins", async () => {
      const run = aRun();
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.createRun(run, later)));
      expect(answers.filter((answer) => answer === "created")).toHaveLength(1);
    });

    test("a run that was never created is not there", async () => {
      expect(await store.getRun("unknown")).toBeUndefined();
    });
  });

  describe("joining", () => {
    test("each outcome is added to its own set, and the answer shows all of them", async () => {
      const { runId, ...run } = await created();
      await store.joinRun(runId, 1, 0, "done");
      await store.joinRun(runId, 1, 1, "skipped");
      const joined = await store.joinRun(runId, 1, 12, "failed", error);
      const progress = { done: new Set([0]), skipped: new Set([1]), failed: new Set([12]) };
      expect(joined).toEqual({ runId, ...run, progress, error });
      expect(await store.getRun(runId)).toEqual(joined);
    });

    test("a join that is repeated changes nothing and gives the same answer", async () => {
      const { runId } = await created();
      const first = await store.joinRun(runId, 1, 3, "done");
      expect(await store.joinRun(runId, 1, 3, "done")).toEqual(first);
    });

    test("the first error stays", async () => {
      const { runId } = await created();
      await store.joinRun(runId, 1, 0, "failed", error);
      const joined = await store.joinRun(runId, 1, 1, "failed", { ...error, message: "another" });
      expect(joined?.error).toEqual(error);
    });

    test("a run that is being cancelled can still be joined", async () => {
      const { runId } = await created();
      await store.requestCancel(runId, later);
      expect(await store.joinRun(runId, 1, 0, "done")).toMatchObject({ state: "CANCELLING" });
    });

    test("no run is joined that has ended, is of another epoch, or does not exist", async () => {
      const over = await ended("SUCCEEDED");
      expect(await store.joinRun(over.runId, 1, 0, "done")).toBeUndefined();
      const other = await created({ epoch: 2 });
      expect(await store.joinRun(other.runId, 1, 0, "done")).toBeUndefined();
      expect(await store.joinRun(other.runId, 3, 0, "done")).toBeUndefined();
      expect((await store.getRun(other.runId))?.progress.done).toEqual(new Set());
      expect(await store.joinRun("unknown", 1, 0, "done")).toBeUndefined();
      expect(await store.getRun("unknown")).toBeUndefined();
    });

    // Each answer holds the whole set: on one busy core MiniStack takes seconds for a thousand of them.
    test("a thousand joins at once lose nothing, and each sees itself", async () => {
      const { runId } = await created();
      const steps = Array.from({ length: 1000 }, (_, step) => step);
      const joined = await Promise.all(steps.map((step) => store.joinRun(runId, 1, step, "done")));
      expect(steps.every((step) => joined[step]?.progress.done.has(step))).toBe(true);
      expect((await store.getRun(runId))?.progress.done).toEqual(new Set(steps));
      // One of them was last, and knows that it was: that one goes on with what comes after all of them.
      expect(joined.filter((run) => run?.progress.done.size === 1000)).toHaveLength(1);
    }, 60_000);
  });

  describe("cancelling", () => {
    test("a running run becomes one that is being cancelled, once", async () => {
      const run = await created();
      const cancelling = { ...run, state: "CANCELLING" };
      expect(await store.requestCancel(run.runId, later)).toEqual(cancelling);
      expect(await store.requestCancel(run.runId, later)).toEqual(cancelling);
      expect(await store.getRun(run.runId)).toEqual(cancelling);
    });

    test("a run that has ended stays as it is and is returned so", async () => {
      const { runId } = await ended("SUCCEEDED");
      expect(await store.requestCancel(runId, later)).toMatchObject({
        state: "SUCCEEDED",
        endedAt: timeAt(60),
      });
      expect(await store.dueRuns(later, 10)).toEqual([]);
    });

    test("there is nothing to cancel where there is no run", async () => {
      expect(await store.requestCancel("unknown", later)).toBeUndefined();
      expect(await store.getRun("unknown")).toBeUndefined();
    });
  });

  describe("ending", () => {
    test("a run ends with its state and time, and keeps its error", async () => {
      const run = await created();
      await store.joinRun(run.runId, 1, 0, "failed", error);
      expect(await store.endRun(run.runId, 1, "RUNNING", "FAILED", timeAt(9))).toBe(true);
      const progress = { done: new Set(), skipped: new Set(), failed: new Set([0]) };
      expect(await store.getRun(run.runId)).toEqual({
        ...run,
        progress,
        error,
        state: "FAILED",
        endedAt: timeAt(9),
      });
    });

    test("the same end, told again, is true again; any other end is false and changes nothing", async () => {
      const { runId } = await ended("SUCCEEDED");
      expect(await store.endRun(runId, 1, "RUNNING", "SUCCEEDED", timeAt(60))).toBe(true);
      expect(await store.endRun(runId, 1, "RUNNING", "SUCCEEDED", timeAt(61))).toBe(false);
      expect(await store.endRun(runId, 1, "RUNNING", "FAILED", timeAt(60))).toBe(false);
      expect(await store.endRun(runId, 2, "RUNNING", "SUCCEEDED", timeAt(60))).toBe(false);
      expect(await store.getRun(runId)).toMatchObject({ state: "SUCCEEDED", endedAt: timeAt(60) });
    });

    test("a run does not end from a state or an epoch that it is not in", async () => {
      const { runId } = await created();
      expect(await store.endRun(runId, 1, "CANCELLING", "CANCELLED", timeAt(1))).toBe(false);
      expect(await store.endRun(runId, 2, "RUNNING", "SUCCEEDED", timeAt(1))).toBe(false);
      expect(await store.endRun("unknown", 1, "RUNNING", "SUCCEEDED", timeAt(1))).toBe(false);
      expect(await store.getRun(runId)).toMatchObject({ state: "RUNNING" });
    });

    test("of workers that end a run at different times exactly one does", async () => {
      const { runId } = await created();
      const ends = Array.from({ length: 20 }, (_, worker) =>
        store.endRun(runId, 1, "RUNNING", "SUCCEEDED", timeAt(worker)),
      );
      expect((await Promise.all(ends)).filter(Boolean)).toHaveLength(1);
    });
  });

  describe("opening again", () => {
    test("failures are forgotten, what was done stays, the epoch is the next", async () => {
      const run = await created();
      await store.joinRun(run.runId, 1, 0, "done");
      await store.joinRun(run.runId, 1, 1, "skipped");
      await store.joinRun(run.runId, 1, 2, "failed", error);
      await store.endRun(run.runId, 1, "RUNNING", "FAILED", timeAt(9));
      const reopened: Run = {
        ...run,
        epoch: 2,
        progress: { done: new Set([0]), skipped: new Set([1]), failed: new Set() },
      };
      expect(await store.reopenRun(run.runId, 1, later)).toEqual(reopened);
      expect(await store.getRun(run.runId)).toEqual(reopened);
    });

    test("a cancelled run can be opened; one that succeeded, runs, or is of another epoch cannot", async () => {
      const cancelled = await ended("CANCELLED");
      expect(await store.reopenRun(cancelled.runId, 2, later)).toBeUndefined();
      expect(await store.reopenRun(cancelled.runId, 1, later)).toMatchObject({ state: "RUNNING", epoch: 2 });
      const succeeded = await ended("SUCCEEDED");
      expect(await store.reopenRun(succeeded.runId, 1, later)).toBeUndefined();
      const running = await created();
      expect(await store.reopenRun(running.runId, 1, later)).toBeUndefined();
      expect(await store.reopenRun("unknown", 1, later)).toBeUndefined();
    });

    test("repeated, the call gives the run again and opens no further epoch; another call finds it open", async () => {
      const { runId } = await ended("FAILED");
      const first = await store.reopenRun(runId, 1, later);
      expect(await store.reopenRun(runId, 1, later)).toEqual(first);
      expect(await store.reopenRun(runId, 1, later + 1)).toBeUndefined();
      expect((await store.getRun(runId))?.epoch).toBe(2);
    });

    test("late news of the earlier epoch do not reach a run that was opened again", async () => {
      const { runId } = await ended("FAILED");
      await store.reopenRun(runId, 1, later);
      expect(await store.joinRun(runId, 1, 5, "failed", error)).toBeUndefined();
      expect(await store.endRun(runId, 1, "RUNNING", "FAILED", timeAt(99))).toBe(false);
      expect(await store.joinRun(runId, 2, 5, "done")).toMatchObject({ epoch: 2 });
    });
  });

  test("what a store returned or was given can change without changing what is stored", async () => {
    const params = { alphas: [1] };
    const run = await created({ params });
    params.alphas.push(2);
    const read = await store.getRun(run.runId);
    if (read) (read.progress.done as Set<number>).add(7);
    expect(await store.getRun(run.runId)).toMatchObject({
      params: { alphas: [1] },
      progress: { done: new Set() },
    });
  });
}
