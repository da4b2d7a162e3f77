import { begin } from "../engine/driving.ts";
import { countingReads } from "./counting-reads.ts";
import { attribute, elementsOf, pageText, textOf } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";
import { trainingStage } from "./training.ts";

/** The page of a map of a run that has ended, with what it reads. */
async function mapped(items: number, failing: readonly number[] = [], words = "odd item") {
  const stage = consoleStage();
  const { memory } = stage;
  const runId = await begin(memory, "scores", { params: { items, failing: [...failing], words } });
  await memory.finish(runId);
  const watch = countingReads(memory.store);
  memory.engine = { ...memory.engine, store: watch.store };
  const open = async (request: object = {}) =>
    String(await stage.console({ page: "map", runId, step: "score_item", ...request }));
  return { ...stage, runId, open, watch };
}

/** The page of the sweep of the training pipeline. */
async function swept(params = {}) {
  const stage = trainingStage();
  const runId = await begin(stage.memory, "training", { params });
  await stage.memory.finish(runId);
  const open = async (request: object) =>
    String(await stage.console({ page: "map", runId, step: "learn_each", ...request }));
  return { ...stage, runId, open };
}

const failing = Array.from({ length: 12 }, (_, place) => 9000 + place * 7);

test("of 10,000 children, the 12 that failed are found at once; a row opens its 200; nothing lists all children", async () => {
  const { memory, open, watch } = await mapped(10_000, failing);
  const page = await open();
  const text = pageText(page);
  expect(text).toContain("9988/10000 done, 12 failed");
  expect(text).toContain("12 children: odd item [9000] [9007] [9014]");
  expect(text).toMatch(/Children Failed Not ended Done 9000–9199 ✗ 12 0 188 0–199 0 200/);
  expect(watch.counts).toEqual({ getRun: 1, getSteps: 2, listTallies: 1 });
  expect(watch.keys()).toBe(1 + 12);
  expect(Buffer.byteLength(page)).toBeLessThan(120_000);
  // One path for each state, however many children there are.
  expect(elementsOf(page).filter(({ tagName }) => tagName === "path")).toHaveLength(2);

  const again = countingReads(memory.store);
  memory.engine = { ...memory.engine, store: again.store };
  const row = await open({ row: 9000 });
  expect(pageText(row)).toContain("Children 9000 to 9199 of 10000");
  expect(pageText(row)).toMatch(/Child State Item Took Error 9000 ✗ failed 9000 0 ms odd item 9007 ✗ failed/);
  // Besides the records of the row and of the failed children, one of the step that gave the list.
  expect(again.keys()).toBeLessThanOrEqual(201 + 12 + 1);
  expect(again.counts).toEqual({ getRun: 1, getSteps: expect.any(Number), listTallies: 1 });
  expect(again.counts.getSteps).toBeLessThanOrEqual(3);
  expect(Buffer.byteLength(row)).toBeLessThan(120_000);
  expect(elementsOf(row).filter(({ tagName }) => tagName === "cwdb-action").length).toBeLessThan(240);
});

test("many failures are summed up", async () => {
  const { open } = await mapped(
    60,
    Array.from({ length: 30 }, (_, place) => place * 2),
  );
  const text = pageText(await open());
  expect(text).toContain("25 children: odd item");
  expect(text).toContain("5 more failed: 50, 52, 54, 56, 58.");
});

test("a child is found by its index, and by a text in its item", async () => {
  const { open } = await mapped(300, [277]);
  const byIndex = pageText(await open({ find: "277" }));
  expect(byIndex).toContain("Found: 1");
  expect(byIndex).toMatch(/277 ✗ failed 277 0 ms odd item/);
  const byText = pageText(await open({ find: "99" }));
  expect(byText).toContain("Found: 3");
  expect(pageText(await open({ find: "pear" }))).toContain(
    "No child has this index, or this text in its item.",
  );
});

test("a small map shows its children without another click", async () => {
  const { open } = await mapped(3);
  expect(pageText(await open())).toMatch(/Child State Item Took Error 0 ✓ succeeded 0 0 ms 1 ✓ succeeded 1/);
});

test("an empty map, and one that has not begun, say so", async () => {
  const { open } = await mapped(0);
  expect(pageText(await open())).toContain("The list is empty, so the map has no children.");
  const stage = consoleStage();
  const runId = await begin(stage.memory, "scores");
  const waiting = await stage.console({ page: "map", runId, step: "score_item" });
  expect(pageText(String(waiting))).toContain("its list is not known yet");
});

test.each([
  [{ step: "nothing" }, 'has no step "nothing"'],
  [{ step: "add_up" }, "is no map"],
  [{ row: 400 }, "has 3 children, and none from 400 on"],
  [{ runId: "r1" }, 'there is no run "r1"'],
])("%j: what is wrong", async (request, words) => {
  const { open } = await mapped(3);
  expect(pageText(await open(request))).toContain(words);
});

test("children stand in a table by parameter and result, sorted by a link, the other way round by a second one", async () => {
  const { open } = await swept();
  const first = await open({ view: "table" });
  expect(pageText(first)).toContain("Child ▲ State item metrics.r2 metrics.loss Took");
  const order = (page: string) =>
    elementsOf(page)
      .filter(({ tagName }) => tagName === "tr")
      .map((row) => /^(\d)/.exec(textOf(row))?.[1])
      .filter((index) => index !== undefined);
  expect(order(first)).toEqual(["0", "1", "2", "3", "4", "5"]);
  const upwards = await open({ view: "table", sort: "out:metrics.r2" });
  expect(order(upwards)).toEqual(["5", "0", "4", "1", "3", "2"]);
  const link = elementsOf(upwards).find(
    ({ tagName, attrs }) => tagName === "th" && attrs.some(({ name }) => name === "aria-sort"),
  );
  expect(link && attribute(link, "aria-sort")).toBe("ascending");
  expect(upwards).toContain('"sort":"-out:metrics.r2"');
  expect(order(await open({ view: "table", sort: "-out:metrics.r2" }))).toEqual([
    "2",
    "3",
    "1",
    "4",
    "0",
    "5",
  ]);
});

test("a sweep is seen at one glance: a line for each child, and the title says which was best and which was worst", async () => {
  const { open } = await swept();
  const page = await open({ view: "table" });
  expect(pageText(page)).toContain(
    "metrics.r2 of 6 children: best 0.9 (child 2, item 0.01), worst 0.6 (child 5, item 0.00001)",
  );
  const picture = elementsOf(page).find(
    ({ tagName, attrs }) => tagName === "svg" && attrs.some(({ value }) => value.startsWith("metrics.r2")),
  );
  expect(picture && attribute(picture, "role")).toBe("img");
  expect(pageText(await open({ view: "table", sort: "out:metrics.loss" }))).toContain(
    "metrics.loss of 6 children: worst 0.43",
  );
});

test("curves of children are drawn over one another, each named by its parameters", async () => {
  const stage = trainingStage();
  const runId = await begin(stage.memory, "training", { params: { alphas: [1, 0.1] } });
  await stage.memory.finish(runId);
  const columns = ["epoch", "loss"];
  const rows = (factor: number) => [1, 2, 3].map((epoch) => [epoch, factor / epoch]);
  const made = await Promise.all(
    [0, 1].map(async (index) => {
      const uri = stage.memory.objects.locate(
        `runs/training/${runId}/learn_each/${index}/1.1/report/t.table.json`,
      );
      const content = JSON.stringify({ columns, rows: rows(index + 1) });
      await stage.memory.objects.put(uri, content, "application/json");
      return {
        uri,
        sha256: "0".repeat(64),
        bytes: content.length,
        mediaType: "application/vnd.millrace.table+json",
      };
    }),
  );
  const { store } = stage.memory.engine;
  stage.memory.engine = {
    ...stage.memory.engine,
    store: Object.assign(Object.create(store), {
      getSteps: async (keys: Parameters<typeof store.getSteps>[0]) =>
        (await store.getSteps(keys)).map((record) => {
          const report = typeof record.index === "number" ? made[record.index] : undefined;
          return record.step === "learn_each" && report !== undefined
            ? { ...record, output: { value: { report } } }
            : record;
        }),
    }),
  };
  const page = String(await stage.console({ page: "map", runId, step: "learn_each", view: "curves" }));
  expect(pageText(page)).toContain("learn_each: loss over epoch, last: [0] 1 0.3333, [1] 0.1 0.6667");
});

test("while jobs run, the figures in their logs are drawn over one another", async () => {
  const stage = trainingStage();
  const runId = await begin(stage.memory, "training", { params: { alphas: [1, 0.1] } });
  await stage.memory.finish(runId);
  const { store } = stage.memory.engine;
  const isRunning = { state: "RUNNING", holder: "jobs", endedAt: undefined, output: undefined };
  stage.memory.engine = {
    ...stage.memory.engine,
    store: Object.assign(Object.create(store), {
      getSteps: async (keys: Parameters<typeof store.getSteps>[0]) =>
        (await store.getSteps(keys)).map((record) =>
          record.step === "learn_each" && record.index !== "map"
            ? { ...record, ...isRunning, log: `/aws/batch/x:${record.index}` }
            : record,
        ),
    }),
  };
  for (const index of [0, 1]) {
    const lines = [1, 2, 3].map((epoch) =>
      JSON.stringify({ message: "learns", epoch, loss: (index + 1) / epoch }),
    );
    stage.logs.write(`/aws/batch/x:${index}`, [{ text: "begins" }, ...lines.map((text) => ({ text }))]);
  }
  const page = String(await stage.console({ page: "map", runId, step: "learn_each", view: "curves" }));
  expect(pageText(page)).toContain("learn_each: loss over epoch, last: [0] 1 0.3333, [1] 0.1 0.6667");
});

test("if the items can't be read, the page says so and shows the rest", async () => {
  const { memory, open } = await mapped(250);
  const { store } = memory.engine;
  memory.engine = {
    ...memory.engine,
    store: Object.assign(Object.create(store), {
      getSteps: async (keys: Parameters<typeof store.getSteps>[0]) => {
        if (keys.some(({ step }) => step === "list_items")) throw new Error("Throttled");
        return store.getSteps(keys);
      },
    }),
  };
  const text = pageText(await open({ row: 200 }));
  expect(text).toContain("The items could not be read. Error: Throttled");
  expect(text).toContain("249 ✓ succeeded");
});
