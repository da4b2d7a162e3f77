import type { Engine } from "../../shared/ports/engine.ts";
import type { FoundRecord } from "../../shared/ports/run-store.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { begin } from "../engine/driving.ts";
import { countingReads } from "./counting-reads.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";
import { makes, trainingStage } from "./training.ts";

const table = "application/vnd.millrace.table+json";

/** A run of the training pipeline that has ended. */
async function trained(params = {}) {
  const stage = trainingStage();
  const runId = await begin(stage.memory, "training", { params });
  await stage.memory.finish(runId);
  const open = async (request: object) => String(await stage.console({ page: "step", runId, ...request }));
  return { ...stage, runId, open };
}

/** Changes the records that pages read. */
function rewriting(memory: MemoryEngine, change: (record: FoundRecord) => object): void {
  const { store } = memory.engine;
  memory.engine = {
    ...memory.engine,
    store: Object.assign(Object.create(store), {
      getSteps: async (keys: Parameters<Engine["store"]["getSteps"]>[0]) =>
        (await store.getSteps(keys)).map((record) => ({ ...record, ...change(record) })),
    }),
  };
}

const minute = 60_000;
const began = Date.parse("2021-10-04T16:30:00Z");

/** Two attempts of a job: the first lost its Spot machine once and failed, the second succeeded. */
const attempts = (runId: string) => ({
  startedAt: new Date(began + 20 * minute).toISOString(),
  jobAttempts: [
    {
      ...{ epoch: 1, attempt: 1, job: "job-1", state: "FAILED", vcpus: 2, memory: 4096, queue: "cpu" },
      reason: "exit code 1: OutOfCheese",
      tries: [
        {
          log: "/aws/batch/x:a",
          startedAt: began,
          endedAt: began + minute,
          reason: "Host EC2 (instance i-1) terminated",
        },
        { log: "/aws/batch/x:b", startedAt: began + 2 * minute, endedAt: began + 10 * minute },
      ],
    },
    {
      ...{
        epoch: 1,
        attempt: 2,
        job: "job-2",
        state: "SUCCEEDED",
        vcpus: 2,
        memory: 4096,
        queue: "cpu-on-demand",
      },
      usage: { peakMemoryBytes: 3 * 1024 ** 3, cpuSeconds: 300 },
      tries: [{ log: "/aws/batch/x:c", startedAt: began + 25 * minute, endedAt: began + 30 * minute }],
    },
  ],
  runId,
});

test("a step's page has its state, what it was given, its result, and where both are in S3", async () => {
  const { open, runId } = await trained();
  const text = pageText(await open({ step: "learn_once" }));
  expect(text).toContain("Step learn_once");
  expect(text).toContain("✓ succeeded");
  expect(text).toContain('Input { "alpha": 0.5, "depth": 3 }');
  expect(text).toContain(`/learn_once/_inputs/0-1.1/0.json`);
  expect(text).toContain('"r2": 0.73');
  expect(text).toContain(`runs/training/${runId}/learn_once/0/1.1/`);
  expect(text).toContain(`npx millrace logs ${runId} --step learn_once --json`);
});

test("attempts are rows of a timeline, with the time in the queue apart from the time on the machine", async () => {
  const { open, memory, runId } = await trained();
  rewriting(memory, () => attempts(runId));
  const page = await open({ step: "learn_once" });
  const text = pageText(page);
  expect(text).toMatch(/1\.1 try 1 tried again by Batch .* 1 min 00 s 2 vCPU, 4096 MiB on cpu \(Spot\)/);
  expect(text).toMatch(/1\.1 try 2 ✗ failed .* 8 min 00 s .* exit code 1: OutOfCheese/);
  expect(text).toMatch(
    /1\.2 ✓ succeeded .* 5 min 00 s 2021-10-04 16:55:00 5 min 00 s 2 vCPU, 4096 MiB on cpu-on-demand/,
  );
  const pictures = elementsOf(page).flatMap((element) => attribute(element, "aria-label") ?? []);
  expect(pictures).toContain("waited 1 min 00 s, then ran 8 min 00 s: failed");
});

test("usage stands beside what the step asked for", async () => {
  const { open, memory, runId } = await trained();
  rewriting(memory, () => attempts(runId));
  const text = pageText(await open({ step: "learn_once" }));
  expect(text).toContain("Memory, at its peak 4.00 GiB 3.00 GiB 75 %");
  expect(text).toContain("vCPUs, on average 2 1.00 50 %");
});

test("the log is filtered by level and by text, and the page says how much was searched", async () => {
  const { open, memory, runId, logs } = await trained();
  rewriting(memory, () => attempts(runId));
  logs.write("/aws/batch/x:c", [
    { at: began, text: JSON.stringify({ level: "INFO", message: "reading" }) },
    { at: began + 1, text: JSON.stringify({ level: "WARNING", message: "slow disk", seconds: 4 }) },
    { at: began + 2, text: JSON.stringify({ level: "ERROR", message: "no <cheese>" }) },
  ]);
  const warned = pageText(await open({ step: "learn_once", level: "warn" }));
  expect(warned).toContain("2 of the last 3 lines match");
  expect(warned).not.toContain("reading");
  const found = pageText(await open({ step: "learn_once", text: "CHEESE" }));
  expect(found).toContain("1 of the last 3 lines match");
  expect(found).toContain("no <cheese>");
  expect(found).toContain(`npx millrace logs ${runId} --step learn_once > learn_once.log`);
});

test("figures in the log are drawn as curves over the job's own counter", async () => {
  const { open, memory, runId, logs } = await trained();
  rewriting(memory, () => attempts(runId));
  logs.write(
    "/aws/batch/x:c",
    [0, 1, 2, 3].map((epoch) => ({
      at: began + epoch,
      text: JSON.stringify({ message: "learns", epoch, loss: 1 / (epoch + 1) }),
    })),
  );
  const text = pageText(await open({ step: "learn_once" }));
  expect(text).toContain("learn_once, from its log: loss over epoch, last at epoch 3: 0.25");
});

test("reports are shown: curves and table, Markdown without its HTML, pictures, and links only if they are https", async () => {
  const { open, memory, runId } = await trained();
  const rows = [1, 2, 3, 4].map((epoch) => [epoch, 1 / epoch, 1.2 / epoch, epoch === 4 ? "best" : ""]);
  await makes(memory, runId, "learn_once", [
    [
      "report/training.table.json",
      table,
      JSON.stringify({ columns: ["epoch", "trainLoss", "testLoss", "note"], rows }),
    ],
    [
      "report/words.md",
      "text/markdown",
      "# Fine\n\n**bold** <script>alert(1)</script> [a](javascript:alert(1)) [b](https://example.com/x)\n\n- one\n",
    ],
    ["report/dot.png", "image/png", "not really"],
    [
      "report/board.link.json",
      "application/vnd.millrace.link+json",
      JSON.stringify({ url: "https://example.com/b", title: "The board" }),
    ],
    ["report/page.html", "text/html", "<script>1</script>"],
    ["report/large.png", "image/png", "x".repeat(100_001)],
    ["report/broken.table.json", table, "{"],
    ["model.bin", "application/octet-stream", "1"],
  ]);
  const page = await open({ step: "learn_once" });
  const text = pageText(page);
  expect(text).toContain("training.table.json: loss over epoch, last: train loss 0.25, test loss 0.3");
  expect(text).toContain("best");
  expect(text).toContain("<script>alert(1)</script>");
  expect(text).toContain("Not shown here: a page can't show text/html.");
  expect(text).toContain("Not shown here: it has 100.0 KB, and a page shows 100.0 KB.");
  expect(text).toContain(`Not shown here: its content is no ${table}.`);
  expect(text).toContain("model.bin");
  const links = elementsOf(page).flatMap((element) => attribute(element, "href") ?? []);
  expect(links.toSorted()).toEqual(["https://example.com/b", "https://example.com/x"]);
  const [picture] = elementsOf(page).filter(({ tagName }) => tagName === "img");
  expect(picture && attribute(picture, "src")).toBe(
    `data:image/png;base64,${Buffer.from("not really").toString("base64")}`,
  );
  expect(Buffer.byteLength(page)).toBeLessThan(200_000);
});

test("what functions wrote about a run is in its log, and what one wrote on the page of its step", async () => {
  const stage = consoleStage();
  const runId = await begin(stage.memory, "scores");
  await stage.memory.finish(runId);
  const at = stage.memory.clock.now();
  const line = (message: string, fields: object) => ({ at, text: JSON.stringify({ message, ...fields }) });
  stage.logs.write("/aws/lambda/step:s", [
    line("three listed", { runId, step: "list_items" }),
    line("one scored", { runId, step: "score_item", index: 2 }),
    line("of another", { runId: "other", step: "list_items", parent: runId }),
  ]);
  const run = pageText(String(await stage.console({ page: "run", runId, tab: "log" })));
  expect(run).toContain("three listed");
  expect(run).toContain("one scored");
  expect(run).not.toContain("of another");
  const open = async (request: object) =>
    pageText(String(await stage.console({ page: "step", runId, ...request })));
  expect(await open({ step: "list_items" })).toContain("three listed");
  expect(await open({ step: "score_item", index: 2 })).toContain("one scored");
  expect(await open({ step: "score_item", index: 1 })).not.toContain("one scored");
  const { logs } = stage;
  Object.assign(logs, { search: () => Promise.reject(new Error("slow down")) });
  expect(await open({ step: "list_items" })).toContain("The lines of its functions could not be read.");
});

test("a function that failed has its error, its stack, and the lines that it left in its worker's log", async () => {
  const stage = consoleStage();
  const runId = await begin(stage.memory, "scores", { params: { fails: true, words: "no header" } });
  await stage.memory.finish(runId);
  rewriting(stage.memory, (record) =>
    record.state === "FAILED"
      ? {
          error: {
            name: "Error",
            message: "no header",
            stack: ["at addUp (sums.ts:3:1)"],
            log: "/aws/lambda/step:s",
          },
        }
      : {},
  );
  stage.logs.write("/aws/lambda/step:s", [
    { at: 1, text: JSON.stringify({ message: "of another run", runId: "other", step: "add_up", index: 0 }) },
    { at: 2, text: JSON.stringify({ message: "adding", runId, step: "add_up", index: 0 }) },
  ]);
  const text = pageText(String(await stage.console({ page: "step", runId, step: "add_up" })));
  expect(text).toContain("add_up: no header");
  expect(text).toContain("at addUp (sums.ts:3:1)");
  expect(text).toContain("adding");
  expect(text).not.toContain("of another run");
});

test("earlier attempts of a function are rows, each with its error", async () => {
  const stage = consoleStage();
  const runId = await begin(stage.memory, "scores");
  await stage.memory.finish(runId);
  const ended = Date.parse("2021-10-04T16:21:00Z");
  rewriting(stage.memory, () => ({
    attempt: 2,
    startedAt: new Date(ended).toISOString(),
    endedAt: new Date(ended + 3 * minute).toISOString(),
    functionAttempts: [
      {
        epoch: 1,
        attempt: 1,
        startedAt: ended - 2 * minute,
        endedAt: ended - minute,
        error: { name: "OddError" },
      },
    ],
  }));
  const page = String(await stage.console({ page: "step", runId, step: "add_up" }));
  expect(pageText(page)).toMatch(
    /1\.1 ✗ failed .* 2021-10-04 16:19:00 1 min 00 s OddError 1\.2 ✓ succeeded .* 3 min 00 s/,
  );
});

test("a child of a map has a page of its own, with the input of its item", async () => {
  const { open } = await trained();
  const text = pageText(await open({ step: "learn_each", index: 2 }));
  expect(text).toContain("Step learn_each[2]");
  expect(text).toContain("child 2 of learn_each");
  expect(text).toContain('{ "alpha": 0.01, "depth": 3 }');
});

test("a step that has not begun says so", async () => {
  const stage = trainingStage();
  const runId = await begin(stage.memory, "training");
  const text = pageText(String(await stage.console({ page: "step", runId, step: "choose" })));
  expect(text).toContain("· waiting");
  expect(text).toContain("The step has not begun");
});

test("the input of a step after a large map is not read child by child", async () => {
  const { open, memory } = await trained({ alphas: Array.from({ length: 101 }, (_, place) => place + 1) });
  const watch = countingReads(memory.store);
  memory.engine = { ...memory.engine, store: watch.store };
  expect(pageText(await open({ step: "choose" }))).toContain(
    "It has the results of 101 children of learn_each.",
  );
  expect(watch.counts).toEqual({ getRun: 1, getSteps: 2 });
  expect(watch.keys()).toBe(3);
});

test.each([
  [{ step: "nothing" }, 'has no step "nothing"; it has learn_once, learn_each, choose'],
  [{ step: "learn_once", index: 4 }, 'step "learn_once" is no map, so it has no child 4'],
  [{ step: "learn_each", index: 6 }, 'step "learn_each" has 6 children, and no child 6'],
])("%j: what there is instead", async (request, words) => {
  const { open } = await trained();
  expect(pageText(await open(request))).toContain(words);
});

test("if the bucket can't be read, the page says which parts are missing, and shows the rest", async () => {
  const { open, memory } = await trained();
  memory.engine = {
    ...memory.engine,
    objects: Object.assign(Object.create(memory.engine.objects), {
      get: () => Promise.reject(new Error("SlowDown")),
    }),
  };
  const text = pageText(await open({ step: "learn_once" }));
  expect(text).toContain("What the step made could not be read. Error: SlowDown");
  expect(text).toContain("The reports could not be read.");
  expect(text).toContain("✓ succeeded");
});
