import { begin } from "../engine/driving.ts";
import { countReads } from "./counted-reads.ts";
import { pageText } from "./elements.ts";
import { watchedStage } from "./watched-stage.ts";

const range = { from: "2021-09-01", to: "2021-09-11" };
const page = { page: "backfill-plan", pipeline: "nightly" };

/** A dashboard at the form for a backfill. */
async function atForm() {
  const stage = watchedStage();
  const { widget } = stage;
  await stage.open();
  await widget.click("nightly");
  await widget.click("Run it for past times…");
  /** Types into the form. */
  const type = (fields: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(fields)) widget.typed[`backfill.${name}`] = text;
  };
  return { ...stage, type };
}

test("a backfill is started by its form, after a preview and a confirmation", async () => {
  const { widget, type, memory } = await atForm();
  type({ ...range, concurrency: "2", "json.alpha": "0.25" });
  await widget.click("Preview");
  const text = pageText(widget.html);
  expect(text).toContain("Times 10, every day in UTC");
  expect(text).toContain("2021-09-01 00:00:00 2021-09-02 00:00:00 2021-09-03 00:00:00 …");
  expect(text).toContain("10 get a new run");
  expect(await memory.engine.backfills.list(10)).toEqual([]);
  await widget.click("Start it for 10 times");
  expect(widget.asked[0]).toMatch(
    /^Start backfill nightly-\w+ of nightly for 10 times: 10 new, 0 retried\? It is every day in UTC, from 2021-09-01T00:00:00.000Z to before 2021-09-11T00:00:00.000Z, with at most 2 runs at once\.$/,
  );
  const [started] = await memory.engine.backfills.list(10);
  expect(started).toMatchObject({ total: 10, concurrency: 2, params: { alpha: 0.25 } });
  expect(pageText(widget.html)).toContain(`Look at backfill ${started?.id}`);
});

test("the times of a schedule are previewed without parameters, and those that succeeded are skipped", async () => {
  const { widget, type, memory } = await atForm();
  const runId = await begin(memory, "nightly", { scheduledAt: "2021-09-02T03:00:00.000Z", key: "" });
  await memory.finish(runId);
  type({ ...range, every: "", schedule: "default" });
  await widget.click("Preview");
  const text = pageText(widget.html);
  expect(text).toContain("2021-09-01 03:00:00");
  expect(text).toContain("9 get a new run 1 succeeded before, and are skipped");
});

test.each([
  ["no date", { from: "yesterday" }, 'from is "yesterday"; it takes a date'],
  ["a rhythm and a schedule", { schedule: "default" }, "every and schedule are both given"],
  ["a wrong parameter", { "json.alpha": '"much"' }, "alpha"],
  ["the future", { to: "2031-01-01" }, "is in the future"],
])("%s is refused above the form, which keeps what was typed", async (_, fields, words) => {
  const { widget, type } = await atForm();
  type({ ...range, ...fields });
  await widget.click("Preview");
  expect(pageText(widget.html)).toContain(words);
  const typed = { ...range, ...fields };
  for (const date of [typed.from, typed.to]) expect(widget.html).toContain(`value="${date}"`);
  expect(widget.buttons()).not.toContain("Start it for 10 times");
});

test("a preview takes two rounds of reads, and none without a range", async () => {
  const { memory, show } = watchedStage();
  const reads = countReads(memory.engine);
  memory.engine = reads.engine;
  await show(page);
  expect(reads.counts).toEqual({});
  await show({ ...page, ...range, every: "day" });
  expect(reads.counts).toEqual({ get: 1, getRun: 10 });
  expect(reads.rounds()).toBe(2);
});
