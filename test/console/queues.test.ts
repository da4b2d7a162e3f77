import * as z from "zod";
import { approval, definePipeline, workQueue } from "../../shared/pipeline/index.ts";
import { begin } from "../engine/driving.ts";
import { countReads, failing } from "./count-reads.ts";
import { pageText } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

const gpu = workQueue("gpu", { limit: 1 });
const waits = definePipeline({ name: "waits", params: z.strictObject({}), queue: gpu }, ({ step }) => {
  step("ask", approval({ message: "Go on?", deadline: 86_400 }));
});

/** A stage with one work queue of one slot, and so many runs that ask for it. */
async function stageWith(runs: number) {
  const { memory, console, act } = consoleStage(undefined, [waits]);
  const ids: string[] = [];
  for (let run = 0; run < runs; run += 1) ids.push(await begin(memory, "waits", { priority: 50 }));
  while (await memory.turn());
  const widget = new Widget({ "millrace-dev-console": console, "millrace-dev-console-act": act });
  await widget.refresh(endpoints.console);
  await widget.click("Queues");
  return { memory, console, widget, ids };
}

test("a queue shows its limit, who holds its slots, and who waits in which order and why", async () => {
  const { widget, ids } = await stageWith(3);
  const [holder = "", second = "", third = ""] = ids;
  expect(pageText(widget.html)).toContain("full, runs wait");
  await widget.click("gpu");
  const text = pageText(widget.html);
  expect(text).toContain(`queue/gpu 1 1 ${holder}`);
  expect(text).toMatch(
    new RegExp(`1 ${second} waits 50 .* queue/gpu: 1 of 1 slots are held .*2 ${third} waits 50`),
  );
  expect(text).toContain("npx millrace queues gpu --json");
  expect(widget.buttons()).toEqual(expect.arrayContaining([holder, second, third]));
});

test("a limit is paused and resumed by its buttons, after a confirmation that says what goes on", async () => {
  const { widget } = await stageWith(1);
  await widget.click("gpu");
  expect(widget.buttons()).not.toContain("Reset queue/gpu");
  await widget.click("Pause queue/gpu");
  expect(widget.asked).toEqual([
    "Pause queue/gpu? No run that needs a slot of it begins. The run that holds a slot goes on.",
  ]);
  expect(pageText(widget.html)).toContain(
    "queue/gpu is paused: no run begins. 1 run holds a slot and goes on.",
  );
  await widget.click("Look at the queues");
  expect(pageText(widget.html)).toContain("‖ paused");
  await widget.click("gpu");
  expect(pageText(widget.html)).toContain("A limit of this queue is paused");
  expect(widget.buttons()).not.toContain("Pause queue/gpu");
  await widget.click("Resume queue/gpu");
  expect(pageText(widget.html)).toContain("queue/gpu is as the definitions say again. 1 run holds a slot.");
});

test("a larger limit lets runs begin that wait", async () => {
  const { memory, widget, ids } = await stageWith(2);
  await widget.click("gpu");
  widget.typed["limit0.slots"] = "2";
  await widget.click("Change limit");
  expect(pageText(widget.html)).toContain("queue/gpu has 2 slots now. 2 runs hold a slot.");
  expect((await memory.store.getRun(ids[1] ?? ""))?.state).toBe("RUNNING");
});

test.each(["many", "-1", "1.5"])("a limit of %s is refused, and nothing is changed", async (slots) => {
  const { widget } = await stageWith(1);
  await widget.click("gpu");
  widget.typed["limit0.slots"] = slots;
  await widget.click("Change limit");
  const text = pageText(widget.html);
  expect(text).toContain("Nothing was changed");
  expect(text).toContain("slots");
});

test("an empty field leaves the limit as it is", async () => {
  const { widget } = await stageWith(1);
  await widget.click("gpu");
  widget.typed["limit0.slots"] = " ";
  await widget.click("Change limit");
  expect(pageText(widget.html)).toContain("queue/gpu has 1 slots now");
});

test("a stage where nobody waits says so, and an unknown queue says which there are", async () => {
  const { console } = await stageWith(0);
  expect(pageText(String(await console({ page: "queues", queue: "gpu" })))).toContain("Nobody waits.");
  const unknown = pageText(String(await console({ page: "queues", queue: "cpu" })));
  expect(unknown).toContain('there is no queue "cpu"; queues are: gpu');
});

test("a queue with 200 waiting runs takes one query, 51 runs and one limit, and less than 80 KB", async () => {
  const { memory, console } = await stageWith(201);
  const { port, counts } = countReads(memory.store);
  memory.engine = { ...memory.engine, store: port };
  const page = String(await console({ page: "queues", queue: "gpu" }));
  expect(counts).toEqual({ waitingRuns: 1, getRun: 50, getSlots: 1 });
  expect(pageText(page)).toContain("More runs wait; the first 50 are shown.");
  expect(Buffer.byteLength(page)).toBeLessThan(80_000);
});

test("limits that can't be read: the page says why", async () => {
  const { memory, console } = await stageWith(1);
  memory.engine = { ...memory.engine, store: failing(memory.store, "getSlots", "Throttled") };
  expect(pageText(String(await console({ page: "queues" })))).toContain("Throttled");
});
