import { begin } from "../engine/driving.ts";
import { countingReads } from "./counting-reads.ts";
import { pageText } from "./elements.ts";
import { learned, trainingStage } from "./training.ts";

/** Two runs of the training pipeline that differ in one parameter, and their comparison. */
async function compared(more: readonly object[] = []) {
  const stage = trainingStage();
  const { memory } = stage;
  const runs: string[] = [];
  for (const params of [{ depth: 3, note: "same" }, { depth: 5, note: "same" }, ...more]) {
    const runId = await begin(memory, "training", { params: { alphas: [1, 0.1], ...params } });
    await memory.finish(runId);
    runs.push(runId);
  }
  const open = async (request: object = {}) =>
    String(await stage.console({ page: "compare", runs, ...request }));
  return { ...stage, runs, open };
}

test("only what differs is shown: parameters, figures of steps, and how many are the same", async () => {
  const { open } = await compared();
  const text = pageText(await open());
  expect(text).toContain("Parameters 1 differs, 3 are the same. Parameters Name A B depth 3 5");
  expect(text).not.toContain("note");
  expect(text).toContain("learn_once: metrics.loss 0.3 0.32");
  expect(text).not.toContain("learn_once: metrics.r2");
  expect(text).toMatch(
    /Steps State, duration and cost of each step Step A B learn_once succeeded, \d+ ms, about \$/,
  );
});

test("everything is shown on demand", async () => {
  const { open } = await compared();
  const page = await open();
  expect(page).toContain('"all":true');
  const text = pageText(await open({ all: true }));
  expect(text).toContain("note same same");
  expect(text).toContain("learn_once: metrics.r2 0.73 0.73");
});

test("each run is read as its own page reads it", async () => {
  const { memory, open } = await compared();
  const watch = countingReads(memory.store);
  memory.engine = { ...memory.engine, store: watch.store };
  const page = await open();
  expect(watch.counts).toEqual({ getRun: 2, getSteps: 4 });
  expect(Buffer.byteLength(page)).toBeLessThan(100_000);
});

test("a run that doesn't exist is named, and the others are compared", async () => {
  const { open, runs } = await compared();
  const text = pageText(await open({ runs: [...runs, "r1"] }));
  expect(text).toContain('Run r1 could not be read. RunNotFoundError: there is no run "r1"');
  expect(text).toContain("depth 3 5");
});

test("curves of the same report are drawn over one another, a line a run", async () => {
  const rows = (factor: number) => [1, 2, 3].map((epoch) => [epoch, factor / epoch]);
  const files = new Map<string, string>();
  const stage = trainingStage((input) => {
    const content = JSON.stringify({ columns: ["epoch", "loss"], rows: rows(input.depth) });
    const uri = `s3://data/runs/training/x/learn_once/0/1.1/report/losses-${input.depth}.table.json`;
    files.set(uri, content);
    const mediaType = "application/vnd.millrace.table+json";
    return { ...learned(input), report: { uri, sha256: "0".repeat(64), bytes: content.length, mediaType } };
  });
  const { memory } = stage;
  const runs: string[] = [];
  for (const depth of [3, 6]) {
    const runId = await begin(memory, "training", { params: { alphas: [], depth } });
    await memory.finish(runId);
    runs.push(runId);
  }
  // Each run made its report under its own prefix; here both have the same name.
  const { store } = memory.engine;
  const uriOf = (runId: string) =>
    memory.objects.locate(`runs/training/${runId}/learn_once/0/1.1/report/losses.table.json`);
  for (const [place, runId] of runs.entries()) {
    await memory.objects.put(uriOf(runId), [...files.values()][place] ?? "", "application/json");
  }
  memory.engine = {
    ...memory.engine,
    store: Object.assign(Object.create(store), {
      getSteps: async (keys: Parameters<typeof store.getSteps>[0]) =>
        (await store.getSteps(keys)).map((record) =>
          "output" in record && "value" in record.output && record.step === "learn_once"
            ? {
                ...record,
                output: {
                  value: JSON.parse(
                    JSON.stringify(record.output.value).replace(/s3:[^"]+/, uriOf(record.runId)),
                  ),
                },
              }
            : record,
        ),
    }),
  };
  const text = pageText(String(await stage.console({ page: "compare", runs })));
  expect(text).toContain("learn_once, losses.table.json: loss over epoch, last: A 1, B 2");
});

test("runs of different code differ in their commit", async () => {
  const stage = trainingStage();
  const { memory } = stage;
  const runs: string[] = [];
  for (const commit of ["a".repeat(40), `${"b".repeat(40)}-dirty`]) {
    memory.engine = { ...memory.engine, commit };
    const runId = await begin(memory, "training", { params: { alphas: [], depth: runs.length } });
    await memory.finish(runId);
    runs.push(runId);
  }
  const text = pageText(String(await stage.console({ page: "compare", runs })));
  expect(text).toContain(`Commit ${"a".repeat(40)} ${"b".repeat(40)}-dirty`);
  const one = pageText(String(await stage.console({ page: "run", runId: runs[1] })));
  expect(one).toContain("Commit bbbbbbbbbbbb with changes that were not committed");
});

test.each([
  [{ runs: ["one"] }, "runs"],
  [{ runs: "a,b,c,d,e,f" }, "runs"],
])("%j: it takes two to five runs", async (request, words) => {
  const stage = trainingStage();
  const text = pageText(String(await stage.console({ page: "compare", ...request })));
  expect(text).toContain(words);
  expect(text).toContain("What to do: ");
});
