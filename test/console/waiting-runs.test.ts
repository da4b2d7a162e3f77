import * as z from "zod";
import { changeLimit } from "../../shared/operate/change-limit.ts";
import { approval, cron, definePipeline, workQueue } from "../../shared/pipeline/index.ts";
import { runSchedules } from "../../shared/schedule/run-schedules.ts";
import { begin } from "../engine/driving.ts";
import { countReads } from "./counted-reads.ts";
import { pageText } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

const fares = definePipeline(
  {
    ...{ name: "fares", params: z.strictObject({}), queue: workQueue("gpu", { limit: 1 }) },
    triggers: [cron("0 * * * *", { name: "hourly" })],
  },
  ({ step }) => {
    step("ask", approval({ message: "Go on?", deadline: 864_000 }));
  },
);

/** A stage whose only slot a run holds, and the run of a schedule, for 13:00, that waits for it. */
async function stageWithLateRun() {
  const stage = consoleStage(Date.parse("2021-10-04T12:00:00Z"), [fares]);
  const { memory } = stage;
  await runSchedules(memory.engine);
  const holder = await begin(memory, "fares");
  while (await memory.turn());
  memory.clock.moveTo(Date.parse("2021-10-04T13:00:00Z"));
  await runSchedules(memory.engine);
  while (await memory.turn());
  const [late] = (await memory.store.listRuns({ state: "QUEUED" }, 1)).runs;
  if (late === undefined) throw new Error("no run waits");
  const widget = new Widget({ "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act });
  const show = async (request: Record<string, unknown>) => pageText(String(await stage.console(request)));
  return { ...stage, widget, show, holder, late: late.runId };
}

const home = { page: "home" };

test("a schedule is late if its run waits for a slot three minutes after its time, and not before", async () => {
  const { memory, show, late } = await stageWithLateRun();
  memory.clock.moveTo(Date.parse("2021-10-04T13:02:59Z"));
  expect(await show(home)).not.toContain("late");
  memory.clock.moveTo(Date.parse("2021-10-04T13:04:00Z"));
  const first = await show(home);
  expect(first).toContain("1 schedule is late");
  expect(first).toContain("late , 4 min ago its run waits for a slot 2021-10-04 13:00:00 fares hourly");
  expect(first).toContain("next 2021-10-04 14:00:00");
  const schedules = await show({ page: "schedules" });
  expect(schedules).toContain("schedule hourly of fares was due at 2021-10-04 13:00:00 , 4 min ago.");
  expect(schedules).toContain(`Its run ${late} waits for a slot.`);
  expect(schedules).not.toContain("tick");
  const pipeline = await show({ page: "pipeline", pipeline: "fares" });
  expect(pipeline).toContain("late : was due at 2021-10-04 13:00:00 ; its run waits for a slot");
});

test("a run of a schedule that has begun late is not late any more", async () => {
  const { memory, show } = await stageWithLateRun();
  memory.clock.moveTo(Date.parse("2021-10-04T13:04:00Z"));
  await changeLimit(memory.engine, "queue/gpu", 2);
  expect(await show(home)).not.toContain("late");
  expect(await show({ page: "schedules" })).not.toContain("was due at");
});

test("the first page says since when runs wait, for which slot, and who holds it", async () => {
  const { memory, show, holder } = await stageWithLateRun();
  memory.clock.moveTo(Date.parse("2021-10-04T13:10:00Z"));
  expect(await show(home)).toContain(`gpu queue/gpu: 1 of 1 held by ${holder} 1 10 min ago fares`);
});

test("the first page's sentence says that runs wait because a limit is paused", async () => {
  const { memory, show } = await stageWithLateRun();
  expect(await show(home)).not.toContain("paused");
  await changeLimit(memory.engine, "queue/gpu", 0);
  const text = await show(home);
  expect(text).toContain("1 run waits because a limit is paused");
  expect(text).toContain("queue/gpu is paused");
  expect(await show({ page: "queues" })).toContain("queue/gpu: paused by hand, 1 held");
});

test("the first page says that it looked at the newest waiting runs only", async () => {
  const { memory, show } = await stageWithLateRun();
  const sentence = "Only the newest 50 runs that wait were looked at. Others may wait longer";
  for (let run = 1; run < 50; run += 1) await begin(memory, "fares");
  expect(await show(home)).not.toContain(sentence);
  await begin(memory, "fares");
  expect(await show(home)).toContain(sentence);
});

test("the first page names how many pipelines' waiting runs it did not look at", async () => {
  const gpu = workQueue("gpu", { limit: 1 });
  const pipelines = Array.from({ length: 12 }, (_, place) =>
    definePipeline({ name: `fares-${place}`, params: z.strictObject({}), queue: gpu }, ({ step }) => {
      step("ask", approval({ message: "Go on?", deadline: 864_000 }));
    }),
  );
  const { memory, console } = consoleStage(undefined, pipelines);
  for (const { name } of pipelines) await begin(memory, name);
  expect(pageText(String(await console(home)))).toContain("Runs of 1 more pipeline wait");
});

test("what runs wait for is read in a third round, one limit for each pipeline", async () => {
  const { memory, show } = await stageWithLateRun();
  const reads = countReads(memory.engine);
  memory.engine = reads.engine;
  await show(home);
  expect(reads.counts).toMatchObject({ listRuns: 8, getRuns: 2, getSlots: 1 });
  expect(reads.rounds()).toBe(3);
});

test("limits that can't be read leave the rest of the first page, and nothing is called well", async () => {
  const { memory, show } = await stageWithLateRun();
  const getSlots = () => Promise.reject(new Error("Throttled"));
  // A step that waits for a person would be in the first sentence instead.
  const waitingApprovals = () => Promise.resolve([]);
  const store = Object.assign(Object.create(memory.store), { getSlots, waitingApprovals });
  memory.engine = { ...memory.engine, store };
  const text = await show(home);
  expect(text).toContain("What runs wait for could not be read.");
  expect(text).toContain("queued 1 run");
  expect(text).toContain("Not all could be read.");
  expect(text).not.toContain("All is well");
});

test("the page of a run that waits has links to its queue and to the runs that hold the slots", async () => {
  const { memory, widget, holder } = await stageWithLateRun();
  memory.clock.moveTo(Date.parse("2021-10-04T13:10:00Z"));
  await widget.refresh(endpoints.console);
  await widget.click("waits for a slot");
  expect(pageText(widget.html)).toContain("It waits for a slot of queue/gpu: 1 of 1 held by");
  await widget.click("Look at the queue gpu");
  expect(pageText(widget.html)).toContain("Queue gpu");
  await widget.refresh(endpoints.console);
  await widget.click("Home");
  await widget.click("waits for a slot");
  await widget.click(holder);
  expect(pageText(widget.html)).toContain(`Run ${holder}`);
});
