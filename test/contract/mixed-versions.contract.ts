import fc from "fast-check";
import type { BackfillStore } from "../../shared/ports/backfill-store.ts";
import type { ModelRegistry } from "../../shared/ports/model-registry.ts";
import type { RunStore } from "../../shared/ports/run-store.ts";
import type { ScheduleStore } from "../../shared/ports/schedule-store.ts";
import { knownStep } from "../../shared/state/read-step.ts";
import type { RunningRun } from "../../shared/state/run.ts";
import type { StepRecord } from "../../shared/state/step-record.ts";
import { aRun, epochStart, timeAt } from "../factories.ts";
import { addedFields, withFields } from "./added-fields.ts";
import { aBackfill } from "./backfill-store.contract.ts";
import { moveOf, versionOf } from "./model-registry.contract.ts";
import { nightly } from "./schedule-store.contract.ts";
import { stepRecords } from "./steps.contract.ts";

/** The stores of one stage. */
export type Stores = {
  readonly store: RunStore;
  readonly backfills: BackfillStore;
  readonly schedules: ScheduleStore;
  readonly models: ModelRegistry;
};

let made = 0;
const fresh = () => {
  made += 1;
  return `fresh-${made}`;
};

/** A record with values that no schema has, as a newer version may write it. */
const withOtherWords = (record: StepRecord, words: object) => ({ ...record, ...words }) as StepRecord;

/**
 * What stores promise about records that newer code wrote: older code reads them, writes them again, and loses nothing
 * that it doesn't know.
 */
export function mixedVersionsContract(create: () => Promise<Stores>): void {
  let stores: Stores;
  beforeAll(async () => {
    stores = await create();
  });

  const holds = (property: (fields: object) => Promise<void>) =>
    fc.assert(fc.asyncProperty(addedFields, property), { numRuns: 15 });

  test.each(stepRecords)(
    "a step %s keeps fields that newer code added, at any depth",
    async (_, record) => {
      const { store } = stores;
      await holds(async (fields) => {
        const newer = { ...withFields(record, fields), runId: fresh() };
        const put = await store.putStep(newer, undefined);
        const found = await store.getStep(newer);
        expect(found).toEqual({ ...newer, version: put.ok && put.record.version });
        if (found === undefined) throw new Error("it is there");
        const again = await store.putStep(knownStep(found), found.version);
        expect(again).toMatchObject({ ok: true });
        expect(await store.getSteps([newer])).toEqual([{ ...newer, version: expect.any(String) }]);
        expect(await store.listSteps(newer.runId)).toEqual([{ ...newer, version: expect.any(String) }]);
      });
    },
    60_000,
  );

  test("a run keeps fields that newer code added, through all of its transitions", async () => {
    const { store } = stores;
    const plain = aRun({
      cause: { kind: "step", runId: "parent", step: "per_region", index: 3, epoch: 1 },
      limits: [{ name: fresh(), limit: 1 }],
      tags: ["a"],
      state: "QUEUED",
    });
    await holds(async (fields) => {
      const { progress, ...others } = plain;
      const newer = { ...withFields(others, fields), progress, runId: fresh(), pipeline: fresh() };
      const same = { ...fields, cause: newer.cause, limits: newer.limits, params: newer.params };
      const error = withFields({ step: "fit", name: "OutOfMemory", message: "" }, fields);
      await store.createRun(newer as RunningRun, epochStart);
      expect(await store.getRun(newer.runId)).toEqual(newer);
      await store.admitRun(newer as RunningRun, timeAt(1), epochStart);
      expect(await store.joinRun(newer.runId, 1, 0, "failed", error)).toMatchObject({ ...same, error });
      await store.moveRun(newer.runId, 1, { to: "PAUSED" }, epochStart);
      await store.tagRun(newer as RunningRun, ["b"]);
      await store.endRun(newer as RunningRun, { to: "FAILED", endedAt: timeAt(2) });
      expect(await store.getRun(newer.runId)).toMatchObject({ ...same, state: "FAILED", error, tags: ["b"] });
      expect(await store.reopenRun(newer as RunningRun, timeAt(3), epochStart)).toMatchObject(same);
    });
  }, 60_000);

  test("a backfill keeps fields that newer code added", async () => {
    const { backfills } = stores;
    await holds(async (fields) => {
      const newer = { ...withFields(aBackfill, fields), id: fresh() };
      expect(await backfills.put(newer)).toBe(true);
      const found = await backfills.get(newer.id);
      expect(found).toEqual(newer);
      if (found === undefined) throw new Error("it is there");
      expect(await backfills.put({ ...found, version: 2 })).toBe(true);
      expect(await backfills.put({ ...found, version: 2 })).toBe(true);
      expect(await backfills.get(newer.id)).toEqual({ ...newer, version: 2 });
      const listed = (await backfills.list(1000)).find(({ id }) => id === newer.id);
      expect(listed).toEqual({ ...newer, version: 2 });
    });
  }, 60_000);

  test("a schedule keeps fields that newer code added, and a change of one of them is a change", async () => {
    const { schedules } = stores;
    await holds(async (fields) => {
      const newer = { ...withFields(nightly, fields), name: fresh() };
      expect(await schedules.put(newer, undefined)).toBe(true);
      const found = await schedules.get(newer);
      expect(found).toEqual(newer);
      if (found === undefined) throw new Error("it is there");
      const off = { ...found, active: false };
      expect(await schedules.put(off, found)).toBe(true);
      expect(await schedules.put(off, found)).toBe(true);
      expect((await schedules.list()).filter(({ name }) => name === newer.name)).toEqual([off]);
      const [field = ""] = Object.keys(fields);
      expect(await schedules.put(newer, { ...off, [field]: "changed meanwhile" })).toBe(false);
    });
  }, 60_000);

  test("versions of models and moves of aliases keep fields that newer code added", async () => {
    const { models } = stores;
    const figures = { metric: "logLoss", better: "lower", minimumGain: 0, value: 1, base: 2 } as const;
    await holds(async (fields) => {
      const name = fresh();
      const version = { ...withFields(versionOf("ctr", 1), fields), name };
      expect(await models.putVersion(version)).toEqual(version);
      expect(await models.getVersion(name, 1)).toEqual(version);
      expect(await models.listVersions(name)).toEqual([version]);
      const base = moveOf(1, 1, { figures: { ...figures, against: null, data: "" } });
      const move = { ...withFields(base, fields), name };
      expect(await models.moveAlias(move)).toBe(true);
      expect(await models.moveAlias(move)).toBe(true);
      expect(await models.listMoves(name, "champion")).toEqual([move]);
    });
  }, 60_000);

  test.each<[string, object, object]>([
    ["a state", { state: "PARKED", holder: undefined }, { state: "PARKED" }],
    ["a holder", { holder: "auction" }, { state: "RUNNING", holder: "auction" }],
    ["a state of a known holder", { state: "DRAINING" }, { state: "DRAINING", holder: "worker" }],
  ])(
    "a step's record with an unknown word (%s) is read as UNKNOWN with all of its fields, and is kept",
    async (_, words, stored) => {
      const { store } = stores;
      const [, held] = stepRecords[0] ?? [];
      if (held === undefined) throw new Error("there is one");
      const given = { ...held, ...words, runId: fresh(), lot: 7 };
      const newer = withOtherWords(
        given,
        Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      );
      if ("holder" in newer && newer.holder === undefined) Reflect.deleteProperty(newer, "holder");
      await store.putStep(newer, undefined);
      const found = await store.getStep(newer);
      expect(found).toMatchObject({ state: "UNKNOWN", stored, lot: 7, attempt: 1, step: held.step });
      expect(await store.listSteps(newer.runId)).toEqual([found]);
      expect(await store.getSteps([newer])).toEqual([found]);
      expect(await store.putStep(newer, undefined)).toEqual({ ok: false, current: found });
      if (found === undefined) throw new Error("it is there");
      expect(() => knownStep(found)).toThrow(/newer version wrote it/);
    },
  );

  test("a run with an unknown state is refused as newer, and nothing changes it", async () => {
    const { store } = stores;
    const run = { ...aRun(), state: "DRAINING" } as unknown as RunningRun;
    await store.createRun(run, epochStart);
    const refused = { name: "NewerRecordError", message: expect.stringContaining('state "DRAINING"') };
    await expect(store.getRun(run.runId)).rejects.toMatchObject(refused);
    await expect(store.moveRun(run.runId, 1, { to: "PAUSED" }, epochStart)).rejects.toMatchObject(refused);
    expect(await store.joinRun(run.runId, 1, 0, "done")).toBeUndefined();
    expect((await store.listRuns({}, 1000)).runs.find(({ runId }) => runId === run.runId)).toMatchObject({
      state: "DRAINING",
    });
  });
}
