import * as z from "zod";
import { approval, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { begin } from "../engine/driving.ts";
import { countReads, failing } from "./count-reads.ts";
import { pageText, shapeOf } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";
import { Widget } from "./widget.ts";

/** A stage with so many runs that wait for an answer, and its dashboard on the page of approvals. */
async function stageWith(runs: number) {
  const stage = consoleStage();
  const { memory } = stage;
  const ids: string[] = [];
  for (let run = 0; run < runs; run += 1) {
    ids.push(await begin(memory, "asks"));
    while (await memory.turn());
  }
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const widget = new Widget(functions);
  await widget.refresh(endpoints.console);
  await widget.click("Approvals");
  return { ...stage, widget, ids };
}

test("what waits for a person is listed with its question, run, time and deadline", async () => {
  const { widget, ids } = await stageWith(2);
  const text = pageText(widget.html);
  expect(text).toContain("2 steps wait for an answer, soonest deadline first");
  expect(text).toContain("Ship <b>it</b>?");
  expect(text).toContain("then it fails without an answer");
  expect(widget.buttons()).toEqual(expect.arrayContaining(ids));
});

test("one is approved with a comment, and only that one stops waiting", async () => {
  const { memory, widget, ids } = await stageWith(2);
  const [first = "", second = ""] = ids;
  const field = `approve0${`${first}ask`.replace(/[^a-z0-9]/gi, "")}.comment`;
  widget.typed[field] = "looks good";
  await widget.click("Approve ask");
  expect(widget.asked[0]).toContain(`run ${first} of asks`);
  const record = await memory.store.getStep({ runId: first, step: "ask", index: 0 });
  expect(record?.answer).toMatchObject({ approved: true, by: "console", comment: "looks good" });
  await widget.click("Look at what waits");
  expect(pageText(widget.html)).toContain("1 step waits for an answer");
  expect(widget.buttons()).toContain(second);
});

test("one is rejected, and a page that shows it still says that it no longer waits", async () => {
  const { widget, memory } = await stageWith(1);
  const stale = widget.html;
  await widget.click("Reject ask");
  expect(widget.asked[0]).toContain("The step fails.");
  while (await memory.turn());
  widget.html = stale;
  await widget.click("Approve ask");
  const text = pageText(widget.html);
  expect(text).toContain("Nothing was changed");
  expect(text).toContain("does not wait for an answer");
});

test("a run's page has forms for the first children of a mapped approval, and counts the rest", async () => {
  const each = definePipeline(
    { name: "each", params: z.strictObject({ items: z.int() }) },
    ({ params, step, map }) => {
      const list = step(
        "list",
        lambda({ items: params.items }, ({ items }) => Array.from({ length: items }, (_, item) => item)),
      );
      map("ask_each", list, () => approval({ message: "Keep it?", deadline: 3600 }));
    },
  );
  const stage = consoleStage(undefined, [each]);
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const pageOf = async (items: number) => {
    const runId = await begin(stage.memory, "each", { params: { items } });
    while (await stage.memory.turn());
    const widget = new Widget(functions, { page: "run", runId });
    await widget.refresh(endpoints.console);
    return { widget, runId };
  };
  const { widget, runId } = await pageOf(12);
  expect(widget.buttons()).toContain("Approve ask_each[9]");
  expect(widget.buttons()).not.toContain("Approve ask_each[10]");
  expect(pageText(widget.html)).toContain("2 more wait.");
  await widget.click("Reject ask_each[3]");
  const record = await stage.memory.store.getStep({ runId, step: "ask_each", index: 3 });
  expect(record?.answer).toMatchObject({ approved: false, by: "console" });
  const large = await pageOf(101);
  expect(pageText(large.widget.html)).toContain("This page doesn't read the items of so large a map.");
});

test("the children of a mapped approval wait and are answered one by one", async () => {
  const each = definePipeline(
    { name: "each", params: z.strictObject({ items: z.array(z.int()).default([7, 8]) }) },
    ({ params, map }) => {
      map("ask_each", params.items, () => approval({ message: "Keep it?", deadline: 3600 }));
    },
  );
  const { memory, console, act } = consoleStage(undefined, [each]);
  const runId = await begin(memory, "each");
  while (await memory.turn());
  const widget = new Widget(
    { "millrace-dev-console": console, "millrace-dev-console-act": act },
    { page: "approvals" },
  );
  await widget.refresh(endpoints.console);
  expect(pageText(widget.html)).toContain("2 steps wait");
  await widget.click("Reject ask_each[1]");
  expect(widget.asked[0]).toBe(`Reject ask_each[1] of run ${runId} of each? The step fails.`);
  const record = await memory.store.getStep({ runId, step: "ask_each", index: 1 });
  expect(record?.answer?.approved).toBe(false);
});

test("thirty approvals take one query, one batch of runs and one graph", async () => {
  const { memory, console } = await stageWith(30);
  const { port, counts } = countReads(memory.store);
  memory.engine = { ...memory.engine, store: port };
  await console({ page: "approvals" });
  expect(counts).toEqual({ waitingApprovals: 1, getRuns: 1, getGraph: 1 });
});

test("nothing waits: the page says so", async () => {
  const { widget } = await stageWith(0);
  expect(pageText(widget.html)).toContain("Nothing waits for an answer.");
});

test("approvals that can't be read: the page says why", async () => {
  const { memory, console } = await stageWith(1);
  memory.engine = { ...memory.engine, store: failing(memory.store, "waitingApprovals", "Throttled") };
  expect(pageText(String(await console({ page: "approvals" })))).toContain("Throttled");
});

test("sixty approvals are cut at twenty-five, and the page has less than 80 KB", async () => {
  const { widget } = await stageWith(60);
  expect(pageText(widget.html)).toContain("25 steps wait");
  expect(pageText(widget.html)).toContain("More wait; the first 25 are shown.");
  expect(Buffer.byteLength(widget.html)).toBeLessThan(80_000);
});

test("no question makes an element that another question lacks", async () => {
  const pageWith = async (text: string) => {
    const { memory, console } = await stageWith(1);
    const { store } = memory.engine;
    const waitingApprovals: typeof store.waitingApprovals = async (limit) =>
      (await store.waitingApprovals(limit)).map((record) => ({ ...record, message: text }));
    memory.engine = { ...memory.engine, store: Object.assign(Object.create(store), { waitingApprovals }) };
    return shapeOf(String(await console({ page: "approvals" })));
  };
  const expected = await pageWith("plain");
  for (const text of ['"><script>1</script>', "</h2><b>", "\u202Ex", "<!--", "x".repeat(100_000)])
    expect(await pageWith(text)).toEqual(expected);
});
