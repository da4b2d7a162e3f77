import { driveBackfills } from "../../shared/backfill/drive-backfill.ts";
import type { BackfillRequest } from "../../shared/backfill/plan-backfill.ts";
import { startBackfill } from "../../shared/backfill/start-backfill.ts";
import { runIdOf } from "../../shared/run/run-id.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { countReads } from "./counted-reads.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { watchedStage } from "./watched-stage.ts";

/** Hours of a day; the run of the fifth hour fails. */
const hours: BackfillRequest = {
  pipeline: "nightly",
  from: "2021-10-01",
  to: "2021-10-02",
  every: "hour",
  params: { failsAt: 5 },
  concurrency: 3,
  retryFailed: false,
};

async function finish(memory: MemoryEngine, id: string): Promise<void> {
  for (let tick = 0; tick < 100; tick += 1) {
    while (await memory.turn());
    if ((await memory.engine.backfills.get(id))?.state !== "RUNNING") return;
    memory.clock.moveTo(memory.clock.now() + 60_000);
    await driveBackfills(memory.engine);
  }
  throw new Error(`backfill ${id} does not end`);
}

/** A dashboard at the page of a backfill. */
async function opened(isFinished: boolean) {
  const stage = watchedStage();
  const { id, causeKey } = await startBackfill(stage.memory.engine, hours);
  if (isFinished) await finish(stage.memory, id);
  await stage.open();
  await stage.widget.click("Schedules");
  await stage.widget.click("Backfills");
  await stage.widget.click(id);
  return { ...stage, id, failedRun: runIdOf("nightly", "2021-10-01T05:00:00.000Z", causeKey) };
}

describe("the page of a backfill", () => {
  it("shows its counts, and its times by state as a picture and a table", async () => {
    const { widget, id, failedRun } = await opened(true);
    const text = pageText(widget.html);
    expect(text).toContain("23 succeeded, 1 failed");
    expect(text).toContain(`npx millrace backfill show ${id} --json`);
    const picture = elementsOf(widget.html).find((each) => attribute(each, "class") === "mr-cells");
    expect(picture && attribute(picture, "aria-label")).toBe(
      "24 times in order: 1 failed or cancelled, 23 succeeded",
    );
    expect(widget.buttons()).toContain(failedRun);
  });

  it("retries what failed by its button, after a confirmation that names the backfill", async () => {
    const { widget, id, memory } = await opened(true);
    expect(widget.buttons()).not.toContain("Cancel");
    await widget.click("Retry failed");
    expect(widget.asked[0]).toContain(`Retry the 1 failed times of backfill ${id} of nightly?`);
    expect(pageText(widget.html)).toContain(`Backfill ${id} is now RUNNING`);
    await widget.click(`Look at backfill ${id}`);
    expect(pageText(widget.html)).toContain("with failed times");
    await finish(memory, id);
  });

  it("is cancelled and resumed by its buttons", async () => {
    const { widget, id } = await opened(false);
    expect(pageText(widget.html)).toContain("open");
    await widget.click("Cancel");
    expect(pageText(widget.html)).toContain(`Backfill ${id} is now CANCELLED`);
    await widget.click(`Look at backfill ${id}`);
    await widget.click("Resume");
    expect(widget.asked[1]).toContain("skips those that succeeded");
    expect(pageText(widget.html)).toContain(`Backfill ${id} is now RUNNING`);
  });
});

test("10,000 times are read in two rounds and four reads, and have at most 150 KB", async () => {
  const { memory, console } = watchedStage();
  const backfill = await startBackfill(memory.engine, {
    ...hours,
    ...{ from: "2020-08-10", to: "2021-09-30", concurrency: 100 },
  });
  expect(backfill.total).toBeGreaterThan(9_900);
  const reads = countReads(memory.engine);
  memory.engine = reads.engine;
  const html = String(await console({ page: "backfill", backfill: backfill.id }));
  expect(reads.counts).toEqual({ get: 1, listRuns: 3 });
  expect(reads.rounds()).toBe(2);
  expect(Buffer.byteLength(html)).toBeLessThan(150_000);
  expect(pageText(html)).toContain(`${backfill.total} times in order`);
});

test("a stage without backfills says how to start one", async () => {
  const { show } = watchedStage();
  expect(pageText(await show({ page: "backfill" }))).toContain("npx millrace backfill start");
});

test("a backfill that does not exist is answered with a panel", async () => {
  const { show } = watchedStage();
  expect(pageText(await show({ page: "backfill", backfill: "nothing" }))).toContain("BACKFILL_NOT_FOUND");
});

test("times whose runs can't be read leave the counts and the buttons", async () => {
  const { memory, console } = watchedStage();
  const { id } = await startBackfill(memory.engine, hours);
  const { engine } = memory;
  const listRuns = () => Promise.reject(new Error("ProvisionedThroughputExceeded"));
  memory.engine = { ...engine, store: Object.assign(Object.create(engine.store), { listRuns }) };
  const text = pageText(String(await console({ page: "backfill", backfill: id })));
  expect(text).toContain("The state of its times could not be read.");
  expect(text).toContain("Cancel");
});
