import { isDeepStrictEqual } from "node:util";
import type { RunStore } from "../../shared/ports/run-store.ts";
import type { Limit, RunningRun, WaitingRun } from "../../shared/state/run.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";

const later = epochStart + 120_000;
const gpu = (limit: number): Limit => ({ name: "queue/gpu", limit });
const own = (limit: number): Limit => ({ name: "pipeline/ridge-sweep", limit });

/** What a run store promises about slots and about runs that wait for them. `create` returns a new, empty store. */
export function admissionContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const queued = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = aRun({ state: "QUEUED", queue: "gpu", limits: [gpu(2)], ...overrides });
    await store.createRun(run, later);
    return run;
  };
  const running = async (overrides: Partial<WaitingRun | RunningRun> = {}) => {
    const run = await queued(overrides);
    expect(await store.admitRun(run, timeAt(10), later)).toBe("admitted");
    return run;
  };
  const holders = async ({ name }: Limit) => [...(await store.getSlots(name)).holders].sort();
  const waiting = async (limit = 10) => (await store.waitingRuns("gpu", limit)).map(({ runId }) => runId);

  describe("waiting", () => {
    test("runs wait by priority, then by the time of their start, then by id", async () => {
      const late = await queued({ startedAt: timeAt(9) });
      const early = await queued({ startedAt: timeAt(1) });
      const twin = await queued({ startedAt: timeAt(1) });
      const urgent = await queued({ startedAt: timeAt(20), priority: 5 });
      const idle = await queued({ startedAt: timeAt(0), priority: 100 });
      const order = [urgent, early, twin, late, idle].map(({ runId }) => runId);
      expect(await waiting()).toEqual(order);
      expect(await waiting(2)).toEqual(order.slice(0, 2));
    });

    test("a place lists the limits that the run needs slots of", async () => {
      const { runId } = await queued({ limits: [gpu(2), { name: "pipeline/train", limit: 1 }] });
      expect(await store.waitingRuns("gpu", 10)).toMatchObject([
        { runId, limits: [gpu(2).name, "pipeline/train"] },
      ]);
    });

    test("a lane holds the runs that need slots of the same limits, whatever the limits' order and number", async () => {
      const both = await queued({ limits: [gpu(2), own(1)] });
      const alike = await queued({ limits: [own(7), gpu(3), own(8)] });
      const urgent = await queued({ priority: 1 });
      const other = await queued();
      const heads = await store.firstInLanes("gpu");
      expect(heads.map(({ runId }) => runId).sort()).toEqual([both.runId, urgent.runId].sort());
      const lanes = await Promise.all(
        [both, urgent].map(async ({ runId }) => {
          const head = heads.find((place) => place.runId === runId);
          const next = head && (await store.nextInLane(head));
          return [head?.limits, next?.runId, next && (await store.nextInLane(next))];
        }),
      );
      expect(lanes).toEqual([
        [[gpu(2).name, own(1).name], alike.runId, undefined],
        [[gpu(2).name], other.runId, undefined],
      ]);
      expect(await store.firstInLanes("unknown")).toEqual([]);
    });

    test("the places of all lanes are sorted in the order of their runs", async () => {
      const late = await queued({ startedAt: timeAt(9) });
      const first = await queued({ startedAt: timeAt(1), limits: [own(1)] });
      const urgent = await queued({ startedAt: timeAt(20), priority: 5, limits: [gpu(2), own(1)] });
      const places = await store.waitingRuns("gpu", 10);
      expect(places.map(({ runId }) => runId)).toEqual([urgent, first, late].map(({ runId }) => runId));
      expect(places.map(({ order }) => order)).toEqual(places.map(({ order }) => order).sort());
    });

    test("the place of a waiting run is not removed", async () => {
      const run = await queued();
      for (const place of await store.firstInLanes("gpu")) await store.removePlace(place);
      expect(await waiting()).toEqual([run.runId]);
    });

    test("the next place in a lane is found even if the one before it has left", async () => {
      const first = await queued();
      const second = await queued();
      const [head] = await store.firstInLanes("gpu");
      await store.admitRun(first, timeAt(10), later);
      expect(head && (await store.nextInLane(head))).toMatchObject({ runId: second.runId });
    });

    test("each queue has its own runs, and runs that don't wait are in none", async () => {
      const { runId } = await queued();
      await queued({ queue: "ridge-sweep" });
      await store.createRun(aRun({ queue: "gpu" }), later);
      await store.createRun(aRun({ queue: "gpu", state: "SCHEDULED" }), later);
      expect(await waiting()).toEqual([runId]);
      expect(await store.waitingRuns("unknown", 10)).toEqual([]);
    });

    test("a run that is created twice waits once", async () => {
      const run = await queued();
      expect(await store.createRun(run, later)).toBe("exists");
      expect(await waiting()).toEqual([run.runId]);
    });

    test("a run whose scheduled time has come joins its queue once", async () => {
      const run = await queued({ state: "SCHEDULED" });
      expect(await waiting()).toEqual([]);
      await store.moveRun(run.runId, 1, { to: "QUEUED" }, later);
      await store.moveRun(run.runId, 1, { to: "QUEUED" }, later);
      expect(await waiting()).toEqual([run.runId]);
    });

    test("a cancelled run leaves its queue, and holds no slot", async () => {
      const run = await queued();
      await store.moveRun(run.runId, 1, { to: "CANCELLING", endsAs: "CANCELLED", reason: "" }, later);
      expect(await waiting()).toEqual([]);
      expect(await store.admitRun(run, timeAt(10), later)).toBe("gone");
      expect(await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(11) })).toBe(true);
      expect(await holders(gpu(2))).toEqual([]);
    });

    test("a run that needs no slot may also wait", async () => {
      const run = await queued({ limits: [] });
      expect(await waiting()).toEqual([run.runId]);
      expect(await store.admitRun(run, timeAt(10), later)).toBe("admitted");
      expect(await waiting()).toEqual([]);
    });
  });

  describe("admitting", () => {
    test("an admitted run holds its slots, runs since its admission, and no longer waits", async () => {
      const run = await queued({ limits: [gpu(2), own(1)] });
      expect(await store.admitRun(run, timeAt(10), epochStart + 5000)).toBe("admitted");
      expect(await store.getRun(run.runId)).toEqual({ ...run, state: "RUNNING", activeSince: timeAt(10) });
      expect([await holders(gpu(2)), await holders(own(1))]).toEqual([[run.runId], [run.runId]]);
      expect(await waiting()).toEqual([]);
      expect(await store.dueRuns(epochStart + 4999, 10)).toEqual([]);
      expect(await store.dueRuns(epochStart + 5000, 10)).toEqual([run.runId]);
      expect((await store.listRuns({ state: "RUNNING" }, 10)).runs).toHaveLength(1);
    });

    test('a repeated admission returns "admitted" again; a different one comes too late', async () => {
      const run = await running();
      expect(await store.admitRun(run, timeAt(10), later)).toBe("admitted");
      expect(await store.admitRun(run, timeAt(11), later)).toBe("gone");
      expect(await holders(gpu(2))).toEqual([run.runId]);
      expect(await store.getRun(run.runId)).toMatchObject({ activeSince: timeAt(10) });
    });

    test("a run gets all of its slots or none", async () => {
      await running({ limits: [own(1)] });
      const second = await queued({ limits: [gpu(2), own(1)] });
      expect(await store.admitRun(second, timeAt(10), later)).toEqual({ full: [own(1).name] });
      expect(await holders(gpu(2))).toEqual([]);
      expect(await waiting()).toEqual([second.runId]);
      expect(await store.getRun(second.runId)).toEqual(second);
    });

    test("a run waits until a slot is free", async () => {
      const first = await running();
      await running();
      const third = await queued();
      expect(await store.admitRun(third, timeAt(10), later)).toEqual({ full: [gpu(2).name] });
      await store.endRun(first, { to: "SUCCEEDED", endedAt: timeAt(20) });
      expect(await store.admitRun(third, timeAt(21), later)).toBe("admitted");
    });

    test("a refusal names all limits that are full, and no others", async () => {
      const third = { name: "queue/third", limit: 5 };
      await running({ limits: [own(1)] });
      await running();
      await running();
      const run = await queued({ limits: [third, own(1), gpu(2)] });
      const admission = await store.admitRun(run, timeAt(10), later);
      expect(admission).toEqual({ full: [own(1).name, gpu(2).name] });
    });

    test("of two limits with one name, the stricter one applies", async () => {
      await running({ limits: [gpu(3), gpu(1)] });
      const second = await queued({ limits: [gpu(3), gpu(1)] });
      expect(await store.admitRun(second, timeAt(10), later)).toEqual({ full: [gpu(2).name] });
      expect(await holders(gpu(1))).toHaveLength(1);
    });

    test("a run is not admitted if it isn't queued, is of another epoch, or doesn't exist", async () => {
      const scheduled = await queued({ state: "SCHEDULED" });
      const waits = await queued();
      const unknown = aRun({ runId: "unknown", state: "QUEUED", limits: [gpu(2)] });
      for (const run of [scheduled, { ...waits, epoch: 2 }, unknown]) {
        expect(await store.admitRun(run, timeAt(10), later)).toBe("gone");
      }
      expect(await holders(gpu(2))).toEqual([]);
      expect(await store.getRun("unknown")).toBeUndefined();
      expect(await waiting()).toEqual([waits.runId]);
    });
  });

  describe("limits", () => {
    test("an unknown limit has no holders and no value", async () => {
      expect(await store.getSlots("unknown")).toEqual({ holders: new Set() });
    });

    test("an operator's value overrides the runs' own limit until it is reset", async () => {
      const runs = [await queued(), await queued(), await queued(), await queued()] as const;
      await store.setLimit(gpu(2).name, 0);
      expect(await store.getSlots(gpu(2).name)).toEqual({ holders: new Set(), limit: 0 });
      expect(await store.admitRun(runs[0], timeAt(10), later)).toEqual({ full: [gpu(2).name] });
      await store.setLimit(gpu(2).name, 3);
      for (const run of runs.slice(0, 3))
        expect(await store.admitRun(run, timeAt(10), later)).toBe("admitted");
      expect(await store.admitRun(runs[3], timeAt(10), later)).toEqual({ full: [gpu(2).name] });
      await store.setLimit(gpu(2).name, undefined);
      await store.endRun(runs[0], { to: "SUCCEEDED", endedAt: timeAt(20) });
      expect(await store.admitRun(runs[3], timeAt(20), later)).toEqual({ full: [gpu(2).name] });
      await store.endRun(runs[1], { to: "SUCCEEDED", endedAt: timeAt(20) });
      expect(await store.admitRun(runs[3], timeAt(20), later)).toBe("admitted");
      expect(await store.getSlots(gpu(2).name)).toEqual({
        holders: new Set([runs[2].runId, runs[3].runId]),
      });
    });

    test("a value below the number of holders takes no slot away", async () => {
      const run = await running();
      await store.setLimit(gpu(2).name, 0);
      expect(await holders(gpu(2))).toEqual([run.runId]);
      expect(await store.getRun(run.runId)).toMatchObject({ state: "RUNNING" });
    });
  });

  describe("freeing", () => {
    test("a run that ends frees all of its slots, and no other run's", async () => {
      const first = await running({ limits: [gpu(2), own(1)] });
      const second = await running();
      expect(await store.endRun(first, { to: "FAILED", endedAt: timeAt(20) })).toBe(true);
      expect(await store.endRun(first, { to: "FAILED", endedAt: timeAt(20) })).toBe(true);
      expect([await holders(gpu(2)), await holders(own(1))]).toEqual([[second.runId], []]);
    });

    test("a refused end frees nothing", async () => {
      const run = await running();
      expect(await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(20) })).toBe(false);
      expect(await store.endRun({ ...run, epoch: 2 }, { to: "SUCCEEDED", endedAt: timeAt(20) })).toBe(false);
      expect(await holders(gpu(2))).toEqual([run.runId]);
    });

    test("a paused run, or one that is being cancelled, keeps its slots until it has ended", async () => {
      const run = await running();
      await store.moveRun(run.runId, 1, { to: "PAUSED" }, later);
      expect(await holders(gpu(2))).toEqual([run.runId]);
      await store.moveRun(run.runId, 1, { to: "CANCELLING", endsAs: "TIMED_OUT", reason: "" }, later);
      expect(await holders(gpu(2))).toEqual([run.runId]);
      await store.endRun(run, { to: "TIMED_OUT", endedAt: timeAt(20) });
      expect(await holders(gpu(2))).toEqual([]);
    });

    test("a reopened run waits again, and the end of its previous epoch frees nothing", async () => {
      const run = await running();
      await store.endRun(run, { to: "FAILED", endedAt: timeAt(20) });
      const reopened = await store.reopenRun(run, timeAt(30), later);
      expect(reopened).toEqual({ ...run, epoch: 2 });
      expect(await store.reopenRun(run, timeAt(30), later)).toEqual(reopened);
      expect(await waiting()).toEqual([run.runId]);
      if (reopened) expect(await store.admitRun(reopened, timeAt(31), later)).toBe("admitted");
      expect(await store.endRun(run, { to: "FAILED", endedAt: timeAt(20) })).toBe(false);
      expect(await holders(gpu(2))).toEqual([run.runId]);
      expect(await waiting()).toEqual([]);
    });
  });

  describe("concurrent calls", () => {
    test("of twenty concurrent admissions, exactly as many succeed as there are slots", async () => {
      const runs = [];
      for (let number = 0; number < 20; number += 1) runs.push(await queued({ limits: [gpu(7), own(50)] }));
      const answers = await Promise.all(runs.map((run) => store.admitRun(run, timeAt(10), later)));
      const admitted = runs.filter((_, number) => answers[number] === "admitted");
      expect(admitted).toHaveLength(7);
      expect(answers.filter((answer) => isDeepStrictEqual(answer, { full: [gpu(7).name] }))).toHaveLength(13);
      const ids = admitted.map(({ runId }) => runId).sort();
      expect([await holders(gpu(7)), await holders(own(50))]).toEqual([ids, ids]);
      expect(new Set([...(await waiting(100)), ...ids]).size).toBe(20);
    });

    test("exactly one of the workers that admit one run concurrently succeeds", async () => {
      const run = await queued();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, worker) => store.admitRun(run, timeAt(worker), later)),
      );
      expect(answers.filter((answer) => answer === "admitted")).toHaveLength(1);
      expect(await holders(gpu(2))).toEqual([run.runId]);
    });

    test("with concurrent ends and admissions, the holders never exceed the slots, and in the end there are none", async () => {
      const runs = [];
      for (let number = 0; number < 15; number += 1) runs.push(await queued({ limits: [gpu(3)] }));
      let under = 0;
      let maxActive = 0;
      await Promise.all(
        runs.map(async (run, number) => {
          while (typeof (await store.admitRun(run, timeAt(number), later)) === "object") {
            maxActive = Math.max(maxActive, (await holders(gpu(3))).length);
          }
          under += 1;
          maxActive = Math.max(maxActive, under);
          await holders(gpu(3));
          under -= 1;
          await store.endRun(run, { to: "SUCCEEDED", endedAt: timeAt(100) });
        }),
      );
      expect(maxActive).toBe(3);
      expect(await holders(gpu(3))).toEqual([]);
      expect(await waiting(100)).toEqual([]);
    }, 60_000);

    test("a cancel during an admission leaves the run with or without its slot, but never in the queue", async () => {
      const limits = [gpu(50)];
      for (let number = 0; number < 10; number += 1) {
        const run = await queued({ limits });
        const [admitted] = await Promise.all([
          store.admitRun(run, timeAt(10), later),
          store.moveRun(run.runId, 1, { to: "CANCELLING", endsAs: "CANCELLED", reason: "" }, later),
        ]);
        expect(await store.getRun(run.runId)).toMatchObject({ state: "CANCELLING" });
        expect((await holders(gpu(50))).includes(run.runId)).toBe(admitted === "admitted");
        await store.endRun(run, { to: "CANCELLED", endedAt: timeAt(11) });
      }
      expect([await holders(gpu(50)), await waiting()]).toEqual([[], []]);
    });
  });
}
