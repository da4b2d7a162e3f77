import * as z from "zod";
import { cron, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { setScheduleActive } from "../../shared/schedule/set-schedule.ts";
import { countReads } from "./counted-reads.ts";
import { attribute, elementsOf, pageText, textOf } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";
import { passHours, watchedStage } from "./watched-stage.ts";

const page = { page: "schedules" };

/** The cells of a schedule in the calendar, by day. */
function calendarRow(html: string, schedule: string): Map<string, string> {
  const table = elementsOf(html).find((each) => each.tagName === "table");
  const rows = elementsOf(html).filter((each) => each.tagName === "tr");
  const heads = rows[0] === undefined ? [] : elementsIn(rows[0]);
  const row = rows.find((each) => elementsIn(each)[0]?.includes(schedule));
  if (table === undefined || row === undefined) throw new Error(`no row of ${schedule}`);
  const cells = elementsIn(row);
  return new Map(heads.map((head, place) => [head, cells[place] ?? ""]));
}

function elementsIn(row: ReturnType<typeof elementsOf>[number]): string[] {
  return row.childNodes
    .flatMap((node) => ("tagName" in node ? [textOf(node)] : []))
    .map((text) =>
      text
        .replace(/\{.*?\}/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    );
}

describe("the calendar", () => {
  it("shows what ran and what is to come by day", async () => {
    const { memory, show } = watchedStage(Date.parse("2021-10-03T12:00:00Z"));
    await passHours(memory, 24);
    const row = calendarRow(await show(page), "default, on");
    expect(row.get("Mon 10-04, today")).toContain("03:00");
    expect(row.get("Mon 10-04, today")).toContain("✓ succeeded");
    expect(row.get("Tue 10-05")).toContain("03:00 · to come");
    // The schedule did not exist yet; nothing tells that from a schedule that was off.
    expect(row.get("Sat 10-02")).toContain("– no run");
  });

  it("puts failures first, and counts the other runs of a day", async () => {
    const { memory, show } = watchedStage(Date.parse("2021-10-04T00:30:00Z"));
    await setScheduleActive(memory.engine, { pipeline: "nightly", name: "hourly", active: true });
    await passHours(memory, 4);
    const row = calendarRow(await show(page), "hourly, on");
    expect(row.get("Mon 10-04, today")).toMatch(
      /^03:00 ✗ failed00:00 – no run3 from 01:00 ✓ succeeded19 from 05:00 · to come$/,
    );
  });

  it("moves by a week, and an odd week is answered with a panel", async () => {
    const { widget, open, show } = watchedStage();
    await open();
    await widget.click("Schedules");
    await widget.click("Earlier");
    expect(pageText(widget.html)).toContain("Fri 09-24");
    await widget.click("Later");
    await widget.click("Later");
    expect(pageText(widget.html)).toContain("Fri 10-08");
    expect(pageText(await show({ page: "schedules", week: "soon" }))).toContain("REQUEST_INVALID");
  });

  it("shows days in the page's time zone", async () => {
    const { memory, console } = watchedStage(Date.parse("2021-10-03T12:00:00Z"));
    await passHours(memory, 24);
    const answer = await console({ ...page, loopback: { token: "t", kept: { tz: "America/Los_Angeles" } } });
    const html = typeof answer === "string" ? answer : answer.html;
    const row = calendarRow(html, "default, on");
    expect(row.get("Sun 10-03")).toContain("20:00 ✓ succeeded");
  });
});

test("late schedules come first, with what to do", async () => {
  const { memory, show } = watchedStage(Date.parse("2021-10-04T02:00:00Z"));
  await passHours(memory, 1);
  // Ticks stop: the time of the next day passes without a run.
  memory.clock.moveTo(Date.parse("2021-10-05T03:20:00Z"));
  const text = pageText(await show(page));
  expect(text).toContain("schedule default of nightly was due at 2021-10-05 03:00:00 , 20 min ago");
  expect(text).toContain("npx millrace doctor");
});

test("a schedule is switched off from the list of all", async () => {
  const { widget, open, memory } = watchedStage();
  await open();
  await widget.click("Schedules");
  await widget.click("Switch off");
  expect(widget.asked[0]).toContain("schedule default of nightly off?");
  expect((await memory.engine.schedules.get({ pipeline: "nightly", name: "default" }))?.active).toBe(false);
});

test("a stage without schedules says how to add one", async () => {
  const { console } = consoleStage();
  expect(pageText(String(await console(page)))).toContain("No pipeline has a schedule");
});

test("runs of one pipeline that can't be read leave the rest of the calendar", async () => {
  const { memory, console } = watchedStage();
  const { engine } = memory;
  const listRuns = () => Promise.reject(new Error("ProvisionedThroughputExceeded"));
  memory.engine = { ...engine, store: Object.assign(Object.create(engine.store), { listRuns }) };
  const text = pageText(String(await console(page)));
  expect(text).toContain("The runs of nightly could not be read: ProvisionedThroughputExceeded");
  expect(text).toContain("All schedules");
});

test("30 hourly schedules are read in one round, one list of runs for each pipeline, and have at most 200 KB", async () => {
  const pipelines = Array.from({ length: 30 }, (_, place) =>
    definePipeline(
      { name: `hourly-${place}`, params: z.strictObject({}), triggers: [cron("0 * * * *")] },
      ({ step }) => {
        step(
          "work",
          lambda({}, () => 1),
        );
      },
    ),
  );
  const { memory, console } = consoleStage(Date.parse("2021-10-04T12:00:00Z"), pipelines);
  await passHours(memory, 12);
  const reads = countReads(memory.engine);
  memory.engine = reads.engine;
  const html = String(await console(page));
  expect(reads.counts).toEqual({ list: 1, listRuns: 30 });
  // Lists are read 25 at a time.
  expect(reads.rounds()).toBeLessThanOrEqual(2);
  expect(Buffer.byteLength(html)).toBeLessThan(200_000);
  expect(elementsOf(html).filter((each) => attribute(each, "class") === "mr-link").length).toBeLessThan(200);
});
