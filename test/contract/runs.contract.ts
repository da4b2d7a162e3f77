import type { RunStore } from "../../shared/ports/run-store.ts";
import type { EndState, Run, RunningRun, WaitingRun } from "../../shared/state/run.ts";
import type { RunMove } from "../../shared/state/run-changes.ts";
import { aChain, aRun, epochStart, timeAt } from "../factories.ts";

const later = epochStart + 120_000;
const cancel: RunMove = { to: "CANCELLING", endsAs: "CANCELLED", reason: "asked by ana" };
const overtime: RunMove = { to: "CANCELLING", endsAs: "TIMED_OUT", reason: "took longer than 3600 s" };
const error = { step: "fit", name: "OutOfMemory", message: "no room" };

/** What a run store promises about graphs and runs, whatever its backend. `create` returns a new, empty store. */
export function runsContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const created = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = aRun(overrides);
    await store.createRun(run, later);
    return run;
  };
  const ended = async (to: EndState) => {
    const run = await created();
    if (to === "CANCELLED") await store.moveRun(run.runId, 1, cancel, later);
    if (to === "TIMED_OUT") await store.moveRun(run.runId, 1, overtime, later);
    expect(await store.endRun(run, { to, endedAt: timeAt(60) })).toBe(true);
    return run;
  };

  test("a cause of a pipeline's runs keeps the time of its first event", async () => {
    const [first, second] = [timeAt(0), timeAt(60)];
    const cause = `s3://data/raw/${"long/".repeat(400)}a.csv#v1`;
    expect(await store.firstTimeOf("one", cause, second)).toBe(second);
    expect(await store.firstTimeOf("one", cause, first)).toBe(second);
    expect(await store.firstTimeOf("two", cause, first)).toBe(first);
    expect(await store.firstTimeOf("one", `${cause}2`, first)).toBe(first);
  });

  describe("graphs", () => {
    test("a graph is found by its hash, unchanged", async () => {
      const graph = aChain("load", "fit");
      await store.putGraph("hash", graph);
      await store.putGraph("hash", graph);
      expect(await store.getGraph("hash")).toEqual(graph);
    });

    test("an unknown hash has no graph", async () => {
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

    test.each<[string, Partial<WaitingRun | RunningRun>]>([
      ["for later", { state: "SCHEDULED", scheduledAt: timeAt(3600) }],
      [
        "as a child run",
        { cause: { kind: "step", runId: "parent", step: "per_region", index: 3, epoch: 1 } },
      ],
      ["by another run's success", { cause: { kind: "run", pipeline: "lake", runId: "followed" } }],
      [
        "with every optional field",
        {
          queue: "gpu",
          priority: 7,
          limits: [{ name: "pipeline/ridge-sweep", limit: 2 }],
          onCollision: "cancel_new",
          refresh: true,
          tags: ["2021-Q4", "team:growth"],
          activeSince: timeAt(4),
        },
      ],
    ])("a run created %s is read as it was created", async (_, overrides) => {
      const run = await created(overrides);
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("a run that is created with progress keeps it", async () => {
      const progress = { done: new Set([0, 2]), failed: new Set([1]), skipped: new Set([10]) };
      const run = await created({ progress, epoch: 2 });
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("a second run with the same id is not created, and the first one stays", async () => {
      const run = await created();
      expect(await store.createRun({ ...run, name: "impostor" }, later)).toBe("exists");
      expect(await store.createRun(run, later)).toBe("exists");
      expect(await store.getRun(run.runId)).toEqual(run);
    });

    test("exactly one of concurrent creations of one run wins", async () => {
      const run = aRun();
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.createRun(run, later)));
      expect(answers.filter((answer) => answer === "created")).toHaveLength(1);
    });

    test("an unknown run is undefined", async () => {
      expect(await store.getRun("unknown")).toBeUndefined();
    });
  });

  describe("tags", () => {
    test("of a run are replaced only if they are as they were read, whatever the run does meanwhile", async () => {
      const run = await created({ tags: ["a"] });
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(1) });
      expect(await store.tagRun(run, ["a", "b"])).toBe(true);
      expect(await store.tagRun(run, ["a", "b"])).toBe(true);
      expect(await store.tagRun(run, ["c"])).toBe(false);
      expect(await store.getRun(run.runId)).toMatchObject({ state: "FAILED", tags: ["a", "b"] });
      expect(await store.tagRun({ ...run, tags: ["a", "b"] }, [])).toBe(true);
      expect(await store.tagRun({ ...run, tags: [] }, ["d"])).toBe(true);
      const reopened = await store.reopenRun(run, timeAt(2), later);
      expect(reopened?.tags).toEqual(["d"]);
    });

    test("of an unknown run are not written", async () => {
      expect(await store.tagRun(aRun({ runId: "unknown" }), ["a"])).toBe(false);
      expect(await store.getRun("unknown")).toBeUndefined();
      expect((await store.listRuns({ tag: "a" }, 10)).runs).toEqual([]);
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

    test("a repeated join changes nothing and returns the same answer", async () => {
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

    test.each<[string, RunMove]>([
      ["being cancelled", cancel],
      ["paused", { to: "PAUSED" }],
    ])("a run that is %s can still be joined", async (_, move) => {
      const { runId } = await created();
      await store.moveRun(runId, 1, move, later);
      expect(await store.joinRun(runId, 1, 0, "done")).toMatchObject({ state: move.to });
    });

    test.each<WaitingRun["state"]>(["SCHEDULED", "QUEUED"])(
      "a run that is %s is not joined",
      async (state) => {
        const { runId } = await created({ state });
        expect(await store.joinRun(runId, 1, 0, "done")).toBeUndefined();
        expect(await store.getRun(runId)).toMatchObject({ progress: { done: new Set() } });
      },
    );

    test("a run that has ended, is of another epoch, or doesn't exist is not joined", async () => {
      const over = await ended("SUCCEEDED");
      expect(await store.joinRun(over.runId, 1, 0, "done")).toBeUndefined();
      const other = await created({ epoch: 2 });
      expect(await store.joinRun(other.runId, 1, 0, "done")).toBeUndefined();
      expect(await store.joinRun(other.runId, 3, 0, "done")).toBeUndefined();
      expect((await store.getRun(other.runId))?.progress.done).toEqual(new Set());
      expect(await store.joinRun("unknown", 1, 0, "done")).toBeUndefined();
      expect(await store.getRun("unknown")).toBeUndefined();
    });

    // Each answer holds the whole set. On one busy core, MiniStack takes seconds for a thousand of them.
    test("a thousand concurrent joins lose nothing, and each answer includes its own", async () => {
      const { runId } = await created();
      const steps = Array.from({ length: 1000 }, (_, step) => step);
      const joined = await Promise.all(steps.map((step) => store.joinRun(runId, 1, step, "done")));
      expect(steps.every((step) => joined[step]?.progress.done.has(step))).toBe(true);
      expect((await store.getRun(runId))?.progress.done).toEqual(new Set(steps));
      // Exactly one of them was last and knows it. That one continues with what comes after all of them.
      expect(joined.filter((run) => run?.progress.done.size === 1000)).toHaveLength(1);
    }, 60_000);
  });

  describe("ending", () => {
    const counted = expect.objectContaining({ day: timeAt(9).slice(0, 10) });

    test("a run ends with its state and time, and keeps its error", async () => {
      const run = await created();
      await store.joinRun(run.runId, 1, 0, "failed", error);
      expect(await store.endRun(run, { to: "FAILED", endedAt: timeAt(9) })).toBe(true);
      const progress = { done: new Set(), skipped: new Set(), failed: new Set([0]) };
      expect(await store.getRun(run.runId)).toEqual({
        ...run,
        progress,
        error,
        state: "FAILED",
        endedAt: timeAt(9),
        counted,
      });
    });

    test("a repeated end is true again; any other end is false and changes nothing", async () => {
      const run = await ended("SUCCEEDED");
      expect(await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(60) })).toBe(true);
      expect(await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(61) })).toBe(false);
      expect(await store.endRun(run, { to: "FAILED", endedAt: timeAt(60) })).toBe(false);
      expect(await store.endRun({ ...run, epoch: 2 }, { to: "SUCCEEDED", endedAt: timeAt(60) })).toBe(false);
      expect(await store.getRun(run.runId)).toMatchObject({ state: "SUCCEEDED", endedAt: timeAt(60) });
    });

    test("a run does not end from a state or an epoch that it is not in", async () => {
      const run = await created();
      expect(await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(1) })).toBe(false);
      expect(await store.endRun({ ...run, epoch: 2 }, { to: "SUCCEEDED", endedAt: timeAt(1) })).toBe(false);
      expect(await store.endRun(aRun({ runId: "unknown" }), { to: "SUCCEEDED", endedAt: timeAt(1) })).toBe(
        false,
      );
      expect(await store.getRun(run.runId)).toMatchObject({ state: "RUNNING" });
    });

    test.each<WaitingRun["state"]>(["SCHEDULED", "QUEUED"])(
      "a run that is %s does not end",
      async (state) => {
        const run = await created({ state });
        for (const to of ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] as const) {
          expect(await store.endRun(run, { to, endedAt: timeAt(1) })).toBe(false);
        }
        expect(await store.getRun(run.runId)).toEqual(run);
      },
    );

    test("a paused run ends when its last step has", async () => {
      const run = await created();
      await store.moveRun(run.runId, 1, { to: "PAUSED" }, later);
      expect(await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(9) })).toBe(true);
      expect(await store.getRun(run.runId)).toEqual({
        ...run,
        state: "SUCCEEDED",
        endedAt: timeAt(9),
        counted,
      });
    });

    test("a run that is being cancelled ends in the state that the cancel set, with the reason", async () => {
      const run = await created();
      const { reason, endsAs } = overtime as Extract<RunMove, { to: "CANCELLING" }>;
      await store.moveRun(run.runId, 1, overtime, later);
      expect(await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(9) })).toBe(false);
      expect(await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(9) })).toBe(false);
      expect(await store.endRun(run, { to: endsAs, endedAt: timeAt(9) })).toBe(true);
      expect(await store.getRun(run.runId)).toEqual({
        ...run,
        state: endsAs,
        reason,
        endedAt: timeAt(9),
        counted,
      });
    });

    test("exactly one of the workers that end a run at different times succeeds", async () => {
      const run = await created();
      const ends = Array.from({ length: 20 }, (_, worker) =>
        store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(worker) }),
      );
      expect((await Promise.all(ends)).filter(Boolean)).toHaveLength(1);
    });
  });

  describe("the cost of a run", () => {
    const cheap = { nanodollars: 4051, atLeast: false };
    const vague = { nanodollars: 100, atLeast: true };
    const cost = { epoch: 1, dollars: 0.25, atLeast: false, prices: "of today" };

    test("grows with the price of each step, once, however often and in whichever way it joins", async () => {
      const { runId } = await created();
      await store.joinRun(runId, 1, 0, "done", undefined, cheap);
      const joined = await store.joinRun(runId, 1, 1, "failed", error, vague);
      expect(joined).toMatchObject({ spent: 4151, priced: 2, unpriced: 1 });
      expect(await store.joinRun(runId, 1, 0, "done", undefined, cheap)).toEqual(joined);
      expect(await store.joinRun(runId, 1, 1, "done", undefined, cheap)).toEqual(joined);
      expect(await store.getRun(runId)).toEqual(joined);
    });

    test("is not counted for a step that joins without a price, as older code joins it", async () => {
      const { runId } = await created();
      expect(await store.joinRun(runId, 1, 0, "done")).not.toHaveProperty("priced");
    });

    test("is exact after a hundred concurrent joins of the same steps", async () => {
      const { runId } = await created();
      const steps = Array.from({ length: 100 }, (_, place) => place % 50);
      await Promise.all(steps.map((step) => store.joinRun(runId, 1, step, "done", undefined, cheap)));
      expect(await store.getRun(runId)).toMatchObject({ spent: 50 * 4051, priced: 50 });
    });

    test("is kept with its end, and taken back when it is reopened; what was spent stays", async () => {
      const run = await created();
      await store.joinRun(run.runId, 1, 0, "failed", error, cheap);
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(9), cost });
      expect(await store.getRun(run.runId)).toMatchObject({ state: "FAILED", cost, spent: 4051 });
      const reopened = await store.reopenRun(run, timeAt(70), later);
      expect(reopened).not.toHaveProperty("cost");
      expect(reopened).toMatchObject({ spent: 4051, priced: 1 });
    });

    test("includes the unjoined steps of a stopped run, if no step has joined since the run was read", async () => {
      const run = await created();
      await store.joinRun(run.runId, 1, 0, "done", undefined, cheap);
      const read = await store.moveRun(run.runId, 1, cancel, later);
      const end = { to: "CANCELLED", endedAt: timeAt(9), cost, unjoined: vague } as const;
      const latest = await store.joinRun(run.runId, 1, 1, "done", undefined, cheap);
      if (read === undefined || latest === undefined) throw new Error("it is being cancelled");
      expect(await store.endRun(read, end)).toBe(false);
      expect(await store.endRun(latest, end)).toBe(true);
      const stored = await store.getRun(run.runId);
      expect(stored).toMatchObject({ state: "CANCELLED", cost, spent: 8202, priced: 2, unpriced: 1 });
    });

    test("is read with many runs at once, each once; unknown runs are left out", async () => {
      const [first, second] = [await created(), await created()];
      const ids = [second.runId, "unknown", first.runId, second.runId];
      expect(await store.getRuns(ids)).toEqual([second, first]);
      expect(await store.getRuns([])).toEqual([]);
    });
  });

  describe("wanters of a run", () => {
    const backfill = { kind: "backfill", backfill: "a" } as const;
    const both = new Set(["a", "b"]);
    const letGo: RunMove = { to: "CANCELLING", endsAs: "CANCELLED", reason: "", wantedOnlyBy: "a" };
    const wanters = async ({ runId }: Run) => (await store.getRun(runId))?.wantedBy;

    test("are changed by one of two writers, and its repeated call returns the same answer", async () => {
      const run = await created({ cause: backfill });
      expect(await store.setWanters(run, both)).toBe(true);
      expect(await store.setWanters(run, both)).toBe(true);
      expect(await store.setWanters(run, new Set(["a", "c"]))).toBe(false);
      expect(await wanters(run)).toEqual(both);
      const read = await store.getRun(run.runId);
      expect(read && (await store.setWanters(read, new Set(["b"])))).toBe(true);
      expect(await wanters(run)).toEqual(new Set(["b"]));
    });

    test("are not changed if the run has ended, is being cancelled, is of another epoch, or doesn't exist", async () => {
      const cancelled = await created({ cause: backfill });
      await store.moveRun(cancelled.runId, 1, cancel, later);
      const other = await created({ cause: backfill });
      for (const run of [await ended("FAILED"), cancelled, { ...other, epoch: 2 }, aRun({ runId: "none" })])
        expect(await store.setWanters(run, both)).toBe(false);
      expect(await wanters(cancelled)).toBeUndefined();
    });

    test.each([undefined, new Set(["a"])])(
      "don't stop a cancel by the only backfill among them (%s)",
      async (only) => {
        const run = await created({ cause: backfill, ...(only && { wantedBy: only }) });
        expect(await store.moveRun(run.runId, 1, letGo, later)).toMatchObject({ state: "CANCELLING" });
      },
    );

    test.each([both, new Set(["b"])])(
      "stop a cancel by one backfill if there is another one (%s)",
      async (wantedBy) => {
        const run = await created({ cause: backfill, wantedBy });
        expect(await store.moveRun(run.runId, 1, letGo, later)).toEqual(run);
        expect(await store.getRun(run.runId)).toEqual(run);
      },
    );

    test("are either cancelled with the run or keep it, if one is added during a cancel", async () => {
      for (let round = 0; round < 10; round += 1) {
        const run = await created({ cause: backfill });
        const [moved, wanted] = await Promise.all([
          store.moveRun(run.runId, 1, letGo, later),
          store.setWanters(run, both),
        ]);
        expect([moved?.state, await wanters(run)]).toEqual(
          wanted ? ["RUNNING", both] : ["CANCELLING", undefined],
        );
      }
    });

    test("are replaced, when the run is reopened, by the backfill that did it, or by none", async () => {
      const run = await created({ cause: backfill, wantedBy: both });
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(60) });
      expect(await store.reopenRun(run, timeAt(70), later, "c")).toMatchObject({ wantedBy: new Set(["c"]) });
      expect(await wanters(run)).toEqual(new Set(["c"]));
      const manual = await ended("FAILED");
      expect(await store.reopenRun(manual, timeAt(70), later, "c")).not.toHaveProperty("wantedBy");
    });
  });

  describe("reopening", () => {
    test("failed and skipped steps are forgotten, completed ones stay, and the next epoch begins now", async () => {
      const run = await created({ activeSince: timeAt(1) });
      await store.joinRun(run.runId, 1, 0, "done");
      await store.joinRun(run.runId, 1, 1, "skipped");
      await store.joinRun(run.runId, 1, 2, "failed", error);
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(9) });
      const reopened: Run = {
        ...run,
        state: "RUNNING",
        activeSince: timeAt(70),
        epoch: 2,
        progress: { done: new Set([0]), skipped: new Set(), failed: new Set() },
      };
      expect(await store.reopenRun(run, timeAt(70), later)).toEqual(reopened);
      expect(await store.getRun(run.runId)).toEqual(reopened);
    });

    test.each<EndState>(["FAILED", "CANCELLED", "TIMED_OUT"])(
      "a run that is %s can be reopened",
      async (to) => {
        const run = await ended(to);
        expect(await store.reopenRun({ ...run, epoch: 2 }, timeAt(70), later)).toBeUndefined();
        const reopened = await store.reopenRun(run, timeAt(70), later);
        expect(reopened).toEqual({ ...run, epoch: 2, activeSince: timeAt(70) });
      },
    );

    test("a run that succeeded, has not ended, or doesn't exist cannot be reopened", async () => {
      for (const run of [
        await ended("SUCCEEDED"),
        await created(),
        await created({ state: "SCHEDULED" }),
        await created({ state: "QUEUED" }),
      ]) {
        const before = await store.getRun(run.runId);
        expect(await store.reopenRun(run, timeAt(70), later)).toBeUndefined();
        expect(await store.getRun(run.runId)).toEqual(before);
      }
      const cancelling = await created();
      await store.moveRun(cancelling.runId, 1, cancel, later);
      expect(await store.reopenRun(cancelling, timeAt(70), later)).toBeUndefined();
      expect(await store.reopenRun(aRun({ runId: "unknown" }), timeAt(70), later)).toBeUndefined();
    });

    test("a repeated call returns the run again without another epoch; a different call is refused", async () => {
      const run = await ended("FAILED");
      const first = await store.reopenRun(run, timeAt(70), later);
      expect(await store.reopenRun(run, timeAt(70), later)).toEqual(first);
      expect(await store.reopenRun(run, timeAt(71), later + 1)).toBeUndefined();
      expect((await store.getRun(run.runId))?.epoch).toBe(2);
    });

    test("late calls for the previous epoch have no effect on a reopened run", async () => {
      const run = await ended("FAILED");
      await store.reopenRun(run, timeAt(70), later);
      expect(await store.joinRun(run.runId, 1, 5, "failed", error)).toBeUndefined();
      expect(await store.endRun(run, { to: "FAILED", endedAt: timeAt(99) })).toBe(false);
      expect(await store.moveRun(run.runId, 1, cancel, later)).toMatchObject({ state: "RUNNING", epoch: 2 });
      expect(await store.joinRun(run.runId, 2, 5, "done")).toMatchObject({ epoch: 2 });
    });
  });

  test("changes to arguments or results don't change what is stored", async () => {
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
