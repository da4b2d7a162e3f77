import * as z from "zod";
import { answer as answerModels } from "../../cli/commands/models.ts";
import { listed } from "../../cli/commands/runs.ts";
import { answerSchedules } from "../../cli/commands/schedules.ts";
import { printJson } from "../../cli/options.ts";
import { readRunView, type Target } from "../../cli/readers/target.ts";
import { backfillView } from "../../shared/backfill/backfill-view.ts";
import { manage } from "../../shared/operate/manage.ts";
import { cron, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { openObject } from "../../shared/pipeline/stored-record.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";
import { aHeldStep, epochStart } from "../factories.ts";
import { aBackfill } from "./backfill-store.contract.ts";
import type { Stores } from "./mixed-versions.contract.ts";
import { moveOf, versionOf } from "./model-registry.contract.ts";

const nightly = definePipeline(
  { name: "nightly", params: z.strictObject({}), triggers: [cron("30 2 * * *")] },
  ({ step }) => {
    step(
      "only",
      lambda({}, () => 1),
    );
  },
);

/** The field added to every record. It's optional, as is every field that is added to a deployed stage. */
const added = { budget: { euros: 12, by: "ana" } };
const withBudget = openObject({ budget: openObject({ euros: z.number(), by: z.string() }).exactOptional() });
const budgetOf = (record: unknown) => withBudget.parse(record).budget;

/** What a command prints as JSON. */
async function printed(command: () => Promise<void> | void): Promise<unknown> {
  const print = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    await command();
    return JSON.parse(print.mock.calls.map(([text]) => String(text)).join("\n"));
  } finally {
    print.mockRestore();
  }
}

/**
 * What an engineer who adds a field to a record relies on: only its schema has to change. No store, list or command
 * names the fields of records.
 */
export function addedFieldContract(create: () => Promise<Stores>): void {
  let stores: Stores;
  let memory: MemoryEngine;
  let target: Target;
  beforeEach(async () => {
    stores = await create();
    memory = new MemoryEngine([nightly], {}, epochStart);
    memory.engine = { ...memory.engine, ...stores };
    const invoke = (_: string, request: unknown) => manage(memory.engine, request);
    // The commands in this test need nothing else from a stage.
    target = { stage: "local", ...stores, invoke, objects: async () => memory.objects } as unknown as Target;
  });
  const json = { json: true, by: "ana", alias: "champion" };

  /** A run that was started by hand, with the field. */
  async function aStartedRun() {
    const { runId } = z
      .object({ runId: z.string() })
      .parse(await manage(memory.engine, { action: "start", pipeline: "nightly", tags: ["a"] }));
    const started = await stores.store.getRun(runId);
    if (started?.state !== "RUNNING") throw new Error("it runs");
    const run = { ...started, ...added, runId: `${runId}x` };
    await stores.store.createRun(run, epochStart);
    return run;
  }

  test("a field of a run is written, read, listed by day and by tag, and shown as JSON", async () => {
    const run = await aStartedRun();
    const { runId } = run;
    expect(await stores.store.getRun(runId)).toEqual(run);
    for (const filter of [{}, { tag: "a" }, { since: run.startedAt }]) {
      const runs = await printed(async () => printJson(await listed(stores.store, filter, 10)));
      const mine = z.array(z.looseObject({ runId: z.string() })).parse(runs);
      expect(mine.filter((each) => each.runId === runId).map(budgetOf)).toEqual([added.budget]);
    }
    const view = await printed(async () => printJson(await readRunView(target, runId)));
    expect(budgetOf(view)).toEqual(added.budget);
    expect(await stores.store.dueRuns(epochStart + 10 * 60_000, 10)).toContain(runId);
    await sweepRuns(memory.engine);
    expect(await stores.store.getRun(runId)).toEqual(run);
  });

  test("a field of a step is written, read, listed for the sweep, kept to the step's end, and shown as JSON", async () => {
    const { runId } = await aStartedRun();
    const held = { ...aHeldStep({ runId, step: "only", leaseUntil: 0 }), ...added };
    const put = await stores.store.putStep(held, undefined);
    expect(put).toMatchObject({ ok: true, record: held });
    expect(await stores.store.getStep(held)).toMatchObject(held);
    expect(await stores.store.getSteps([held])).toMatchObject([held]);
    expect(await stores.store.listSteps(runId)).toMatchObject([held]);
    // Its worker released it, so the next worker continues with the attempt.
    await manage(memory.engine, { action: "pause", runId });
    await manage(memory.engine, { action: "resume", runId });
    memory.clock.moveTo(epochStart + 10_000);
    while (await memory.turn());
    expect(await stores.store.getStep(held)).toMatchObject({ state: "SUCCEEDED", attempt: 1, ...added });
    const view = await printed(async () => printJson(await readRunView(target, runId)));
    const { steps } = z.object({ steps: z.array(z.looseObject({})) }).parse(view);
    expect(steps.map(budgetOf)).toEqual([added.budget]);
  });

  test("a field of a backfill is written, read, listed, kept when the backfill is cancelled, and shown as JSON", async () => {
    const backfill = { ...aBackfill, ...added, pipeline: "nightly", total: 0 };
    expect(await stores.backfills.put(backfill)).toBe(true);
    expect(await stores.backfills.get(backfill.id)).toEqual(backfill);
    expect(await stores.backfills.list(10)).toEqual([backfill]);
    const request = { action: "backfill-cancel", backfill: backfill.id };
    const cancelled = backfillView.parse(await target.invoke("manage", request));
    expect(cancelled).toMatchObject({ state: "CANCELLED", ...added });
    const all = z.array(backfillView).parse(await target.invoke("manage", { action: "backfills" }));
    expect(all.map(budgetOf)).toEqual([added.budget]);
    expect(await stores.backfills.get(backfill.id)).toMatchObject(added);
  });

  test("a field of a schedule is written, read, listed, kept when the schedule is switched or redefined, and shown as JSON", async () => {
    const stored = { pipeline: "nightly", name: "default", active: true, rule: "other times", ...added };
    expect(await stores.schedules.put(stored, undefined)).toBe(true);
    expect(await stores.schedules.get(stored)).toEqual(stored);
    expect(await stores.schedules.list()).toEqual([stored]);
    const schedules = (options: object) =>
      printed(() => answerSchedules(target, "nightly", "default", { json: true, ...options }));
    expect(await schedules({ off: true })).toMatchObject({ active: false, ...added });
    expect(await schedules({ on: true })).toMatchObject({ active: true, ...added });
    expect(await schedules({})).toMatchObject([{ active: true, ...added }]);
    expect(await stores.schedules.list()).toMatchObject([{ rule: "cron 30 2 * * * in UTC", ...added }]);
  });

  test("a field of a model's version or of a move is written, read, listed, and shown as JSON", async () => {
    const version = { ...versionOf("ctr", 1), ...added };
    const move = { ...moveOf(1, 1), ...added };
    await stores.models.putVersion(version);
    await stores.models.moveAlias(move);
    expect(await stores.models.getVersion("ctr", 1)).toEqual(version);
    expect(await stores.models.listVersions("ctr")).toEqual([version]);
    expect(await stores.models.listMoves("ctr", "champion")).toEqual([move]);
    expect(await printed(() => answerModels(target, "ctr", ["champion"], json))).toEqual(version);
    expect(await printed(() => answerModels(target, "ctr", ["log"], json))).toEqual([move]);
    const back = { action: "model-alias", name: "ctr", alias: "champion", version: 1, by: "ana", why: "x" };
    await expect(target.invoke("manage", back)).rejects.toThrow("already");
  });
}
