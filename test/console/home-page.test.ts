import { begin } from "../engine/driving.ts";
import { countReads } from "./counted-reads.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { passHours, watchedStage } from "./watched-stage.ts";

const page = { page: "home" };
const fails = { fails: true, words: "the file has no header" };

test("an empty stage says how to start a run, with lines to copy", async () => {
  const { widget, open } = watchedStage();
  await open();
  const text = pageText(widget.html);
  expect(text).toContain("All is well.");
  expect(text).toContain("npx millrace start nightly");
  expect(text).toContain("No run failed in the last 7 days.");
});

test("failures are grouped by step and error, with the words of the newest", async () => {
  const { memory, show } = watchedStage();
  for (let place = 0; place < 3; place += 1)
    await memory.finish(await begin(memory, "scores", { params: fails }));
  const other = await begin(memory, "scores", { params: { failing: [1], words: "odd item" } });
  await memory.finish(other);
  const text = pageText(await show(page));
  expect(text).toContain("4 runs failed in the last day.");
  expect(text).toMatch(/scores add_up Error the file has no header 3 /);
  expect(text).toMatch(/scores score_item Error odd item 1 /);
  expect(text.indexOf("odd item")).toBeLessThan(text.indexOf("no header"));
});

test("a failure says when a later run of its pipeline succeeded", async () => {
  const { memory, show } = watchedStage(Date.parse("2021-10-04T12:00:00Z"));
  await memory.finish(await begin(memory, "scores"));
  memory.clock.moveTo(Date.parse("2021-10-04T12:10:00Z"));
  await memory.finish(await begin(memory, "scores", { params: fails }));
  memory.clock.moveTo(Date.parse("2021-10-04T12:30:00Z"));
  const later = await begin(memory, "scores");
  expect(pageText(await show(page))).toMatch(/the file has no header 1 \d+ min ago \S+ All failed runs/);
  await memory.finish(later);
  memory.clock.moveTo(Date.parse("2021-10-04T12:40:00Z"));
  expect(pageText(await show(page))).toMatch(
    /the file has no header 1 \d+ min ago \S+ ✓ a later one succeeded \d+ min ago/,
  );
});

test("open runs are counted by state, and steps that wait for a person are listed", async () => {
  const { memory, widget, open } = watchedStage();
  const runId = await begin(memory, "asks");
  while (await memory.turn());
  await open();
  const text = pageText(widget.html);
  expect(text).toContain("1 step waits for a person. 1 run has not ended.");
  expect(text).toContain("Ship <b>it</b>?");
  expect(text).toContain("▶ running 1 run");
  const button = widget.buttons().find((each) => each.startsWith("Answer ask of"));
  await widget.click(button ?? "");
  expect(pageText(widget.html)).toContain(`Run ${runId}`);
  expect(widget.buttons()).toContain("Approve ask");
});

test("runs of the last day are drawn by hour and state, with a table", async () => {
  const { memory, show } = watchedStage(Date.parse("2021-10-04T11:10:00Z"));
  for (const params of [fails, {}, {}]) await memory.finish(await begin(memory, "scores", { params }));
  memory.clock.moveTo(Date.parse("2021-10-04T12:10:00Z"));
  await memory.finish(await begin(memory, "scores"));
  const html = await show(page);
  const picture = elementsOf(html).find((each) => attribute(each, "class") === "mr-chart");
  expect(picture && attribute(picture, "aria-label")).toBe(
    "4 runs of the last day by the hour in which they were asked for; 1 failed",
  );
  const text = pageText(html);
  expect(text).toContain("11:00: 2 succeeded, 1 failed");
  expect(text).toContain("12:00: 1 succeeded");
  expect(text).toContain("2021-10-04 11:00:00 2 0 0 0 1");
});

test("the runs that ended in the last days are counted by pipeline, with their cost", async () => {
  const { memory, show } = watchedStage(Date.parse("2021-10-02T11:10:00Z"));
  for (const params of [fails, {}]) await memory.finish(await begin(memory, "scores", { params }));
  memory.clock.moveTo(Date.parse("2021-10-04T12:10:00Z"));
  await memory.finish(await begin(memory, "scores"));
  const { store } = memory.engine;
  const listFigures = async (filter: Parameters<typeof store.listFigures>[0]) =>
    (await store.listFigures(filter)).map((each) => ({ ...each, dollars: 0.25, atLeast: false }));
  memory.engine = { ...memory.engine, store: Object.assign(Object.create(store), { listFigures }) };
  const text = pageText(await show(page));
  expect(text).toContain("Pipeline succeeded failed timed out cancelled Cost scores 2 1 about $0.50 nightly");
  expect(text).toContain("npx millrace figures --json");
});

test("a late schedule is part of the first sentence, and comes before the next runs", async () => {
  const { memory, show } = watchedStage(Date.parse("2021-10-04T02:00:00Z"));
  await passHours(memory, 1);
  memory.clock.moveTo(Date.parse("2021-10-05T03:20:00Z"));
  const text = pageText(await show(page));
  expect(text).toContain("1 schedule is late.");
  expect(text).toContain("late , 20 min ago");
});

test("a part that can't be read is named, nothing is called well, and the rest is shown", async () => {
  const { memory, show } = watchedStage();
  const { engine } = memory;
  const list = () => Promise.reject(new Error("ProvisionedThroughputExceeded"));
  memory.engine = { ...engine, schedules: Object.assign(Object.create(engine.schedules), { list }) };
  const text = pageText(await show(page));
  expect(text).toContain("The schedules could not be read.");
  expect(text).not.toContain("All is well");
  expect(text).toContain("No run failed");
});

test("a busy day is read in two rounds with bounded lists, and has at most 60 KB", async () => {
  const { memory, console } = watchedStage(Date.parse("2021-10-03T12:00:00Z"));
  const odd = { failing: [0], words: "x".repeat(3000) };
  const states = [{}, {}, {}, {}, {}, {}, fails, odd];
  const ids: string[] = [];
  for (let hour = 0; hour < 23; hour += 1) {
    memory.clock.moveTo(Date.parse("2021-10-03T12:00:00Z") + hour * 3_600_000);
    for (const params of states) ids.push(await begin(memory, "scores", { params: { items: 1, ...params } }));
    for (const runId of ids.splice(0)) await memory.finish(runId);
    await begin(memory, "asks");
    while (await memory.turn());
  }
  const reads = countReads(memory.engine);
  memory.engine = reads.engine;
  const html = String(await console(page));
  expect(reads.counts).toEqual({
    ...{ listRuns: 8, list: 1, listFigures: 1, waitingApprovals: 1 },
    getRuns: 2,
  });
  expect(reads.rounds()).toBe(2);
  expect(Buffer.byteLength(html)).toBeLessThan(60_000);
  const text = pageText(html);
  expect(text).toContain("Only the newest 200 runs are counted");
  expect(text).toContain("23 steps wait for a person");
});
