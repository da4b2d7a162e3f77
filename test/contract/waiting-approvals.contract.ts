import type { RunStore, StoredStep } from "../../shared/ports/run-store.ts";
import { awaitingApproval, ended, succeeded } from "../../shared/state/step-changes.ts";
import type { HeldStep, StepRecord } from "../../shared/state/step-record.ts";
import { aHeldStep, epochStart } from "../factories.ts";

const hour = 3_600_000;

/** What a run store promises about the approvals that wait. `create` returns a new, empty store. */
export function waitingApprovalsContract(create: () => Promise<RunStore>): void {
  let store: RunStore;
  beforeEach(async () => {
    store = await create();
  });

  const put = async (record: StepRecord, previous?: StoredStep): Promise<StoredStep> => {
    const written = await store.putStep(record, previous?.version);
    if (!written.ok) throw new Error("nobody else writes");
    return written.record;
  };
  /** An approval that waits, as the engine writes it: claimed first. */
  const asked = async (overrides: Partial<HeldStep>, hours: number) => {
    const held = aHeldStep({ step: "ok", ...overrides });
    const claim = await put(held);
    return put(awaitingApproval(held, `${overrides.runId ?? "?"}`, epochStart + hours * hour), claim);
  };
  const waiting = (limit = 100) => store.waitingApprovals(limit);

  test("are found in all runs, soonest deadline first, and no other step is", async () => {
    await put(aHeldStep({ runId: "a" }));
    const late = await asked({ runId: "b" }, 48);
    const soon = await asked({ runId: "c" }, 1);
    const child = await asked({ runId: "b", step: "each", index: 7 }, 3);
    expect(await waiting()).toEqual([soon, child, late]);
    expect(await waiting(2)).toEqual([soon, child]);
  });

  test.each<[string, (record: StoredStep) => StepRecord]>([
    ["answered", (record) => succeeded(record, { value: { by: "ana" } }, epochStart)],
    ["rejected", (record) => ended(record, "FAILED", epochStart)],
    ["given up at its deadline", (record) => ended(record, "TIMED_OUT", epochStart)],
    ["cancelled", (record) => ended(record, "CANCELLED", epochStart)],
  ])("no longer have one that was %s", async (_how, end) => {
    const record = await asked({ runId: "a" }, 1);
    const other = await asked({ runId: "b" }, 2);
    const over = await put(end(record), record);
    expect(await waiting()).toEqual([other]);
    expect(await store.getStep(over)).toEqual(over);
  });

  test("have one that was claimed again and asks again, once, with its new deadline", async () => {
    const record = await asked({ runId: "a" }, 1);
    const failed = await put(ended(record, "TIMED_OUT", epochStart), record);
    const held = aHeldStep({ runId: "a", step: "ok", epoch: 2 });
    const claim = await put(held, failed);
    expect(await waiting()).toEqual([]);
    const again = await put(awaitingApproval(held, "again?", epochStart + 9 * hour), claim);
    expect(await waiting()).toEqual([again]);
  });

  test("are read unchanged by getStep and listSteps", async () => {
    const record = await asked({ runId: "a" }, 1);
    expect(await store.getStep(record)).toEqual(record);
    expect(await store.listSteps("a")).toEqual([record]);
  });

  test("lack one that older code wrote, until it is written again", async () => {
    const { listed: _listed, ...older } = awaitingApproval(aHeldStep({ step: "ok" }), "?", epochStart + hour);
    const record = await put(older);
    expect(await waiting()).toEqual([]);
    const again = await put({ ...older, listed: true }, record);
    expect(await waiting()).toEqual([again]);
  });

  test("are not in the list of runs that are due", async () => {
    await asked({ runId: "a" }, 1);
    expect(await store.dueRuns(epochStart + 99 * hour, 10)).toEqual([]);
  });
}
