import * as z from "zod";
import { tallyKey } from "../shared/adapters/aws/dynamo-keys.ts";
import { newRunItem } from "../shared/adapters/aws/dynamo-run-item.ts";
import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { stepItemOf } from "../shared/adapters/aws/dynamo-step-item.ts";
import { type DynamoTable, dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import { MemoryLogReader } from "../shared/adapters/memory/memory-log-reader.ts";
import { paramsSchemaOf } from "../shared/app/params-schemas.ts";
import { finishPage } from "../shared/console/finish-page.ts";
import { loopbackHost } from "../shared/console/host/loopback-host.ts";
import {
  type PageName,
  type PageRequest,
  pageRequest,
  type RequestOf,
} from "../shared/console/page-request.ts";
import { pageOf } from "../shared/console/pages.ts";
import type { Sources } from "../shared/console/sources.ts";
import { cron, definePipeline, lambda, type Pipeline, type Ref } from "../shared/pipeline/index.ts";
import type { Engine } from "../shared/ports/engine.ts";
import { startRun } from "../shared/run/start-run.ts";
import { runSchedules } from "../shared/schedule/run-schedules.ts";
import { isUnderWay } from "../shared/state/run.ts";
import { isNewer } from "../shared/state/step-record.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { startTestMinistack } from "../test/ministack.ts";
import { createRunTable } from "../test/run-table.ts";
import { afterManyRuns, fillWithRuns, manyPipelines, manyRuns, writeItems } from "./many-runs.ts";
import { type ReadCounts, watch } from "./read-counts.ts";
import { type MeasureOptions, NotMeasured, type Report, spreadOf } from "./report.ts";

const defaultRounds = 11;
const children = 10_000;
const failures = 12;
const layers = 10;
const layerSteps = 15;
/** Max. milliseconds to draw a page, in the median. */
const drawBudget = 60;

const hourly = manyPipelines.map((name) =>
  definePipeline({ name, params: z.strictObject({}), triggers: [cron("0 * * * *")] }, ({ step }) => {
    step(
      "work",
      lambda({}, () => 1),
    );
  }),
);

/** A map of which some children fail, spread over its rows. */
const scores = definePipeline({ name: "scores", params: z.strictObject({}) }, ({ step, map }) => {
  const items = step(
    "list",
    lambda({ size: children }, ({ size }) => Array.from({ length: size }, (_, item) => ({ item }))),
  );
  map(
    "score",
    items,
    (item) =>
      lambda({ item, every: Math.floor(children / failures) }, ({ item: { item }, every }) => {
        if (item % every === every - 1) throw new RangeError(`the score of item ${item} is out of range`);
        return { item, loss: 1 / (item + 1) };
      }),
    { retries: 0 },
  );
});

/** The largest graph that is drawn whole: layers of steps, each of which follows three of the layer before. */
const layered = definePipeline({ name: "layered", params: z.strictObject({}) }, ({ step }) => {
  let above: Ref<number>[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    above = Array.from({ length: layerSteps }, (_, place) => {
      const inputs = [0, 1, 5].flatMap((by) => above[(place + by) % layerSteps] ?? []);
      return step(
        `layer_${layer}_${place}`,
        lambda({ inputs }, () => place),
      );
    });
  }
});

/** A run in memory, and all items that the table would have of it. */
type StoredRun = { readonly runId: string; readonly items: readonly object[] };

/** Runs a pipeline in memory. The run itself is stored as it was before its end. */
async function runInMemory(memory: MemoryEngine, { name }: Pipeline): Promise<StoredRun> {
  const { store } = memory;
  const { runId } = await startRun(memory.engine, {
    ...{ pipeline: name, params: {}, causeKey: "bench" },
    cause: { kind: "manual" },
  });
  const begun = await store.getRun(runId);
  const { progress } = await memory.finish(runId);
  if (begun === undefined || !isUnderWay(begun)) throw new NotMeasured(`the run of ${name} did not begin`);
  const steps = await store.listSteps(runId);
  const tallies = await store.listTallies(runId, "score");
  return {
    runId,
    items: [
      newRunItem({ ...begun, progress }, 0),
      ...steps.flatMap((step) => (isNewer(step) ? [] : [stepItemOf(step, step.version)])),
      ...tallies.map(({ epoch, size, done, failed }, shard) => ({
        ...{ ...tallyKey({ runId, step: "score", shard }), epoch, size },
        ...(done.size > 0 && { done }),
        ...(failed.size > 0 && { failed }),
      })),
    ],
  };
}

/** What a page took, once for each round: milliseconds, and reads of the last round. */
type Taken = {
  readonly reading: readonly number[];
  readonly drawing: readonly number[];
  /** Milliseconds of the first drawing, whose code is new and whose graph isn't placed yet. */
  readonly first: number;
  readonly reads: ReadCounts;
  readonly bytes: number;
};

async function take<P extends PageName>(
  sources: Sources,
  looked: ReadCounts,
  name: P,
  request: RequestOf<P>,
  rounds: number,
): Promise<Taken> {
  const page = pageOf(name);
  if (page === undefined) throw new NotMeasured(`the page ${name} is not built`);
  const { clock, stage } = sources.engine;
  const reading: number[] = [];
  const drawing: number[] = [];
  let bytes = 0;
  let first = 0;
  for (let round = 0; round <= rounds; round += 1) {
    Object.assign(looked, { queries: 0, reads: 0, items: 0 });
    const host = loopbackHost({
      ...{ theme: "light", zone: "UTC", now: clock.now(), stage: stage.name },
      ...{ shows: () => true, token: "token", kept: {} },
    });
    const before = performance.now();
    const draw = await page.read(sources, request);
    const read = performance.now();
    const answer = finishPage(host, { title: page.title(request), body: draw(host), request });
    const drawn = performance.now();
    bytes = Buffer.byteLength(typeof answer === "string" ? answer : answer.html);
    // The first round warms up the client, and reads the graph that later ones remember.
    if (round === 0) {
      first = drawn - read;
      continue;
    }
    reading.push(read - before);
    drawing.push(drawn - read);
  }
  return { reading, drawing, first, reads: { ...looked }, bytes };
}

/** The pages that are measured, and the KB of HTML that each may have. */
const pagesFor = (
  runId: string,
  layeredRun: string,
): readonly (readonly [what: string, request: Record<string, unknown>, maxKilobytes: number])[] => [
  ["home", { page: "home" }, 60],
  ["runs, newest", { page: "runs" }, 80],
  ["runs with a tag", { page: "runs", tag: "team:growth" }, 80],
  ["runs with a tag that failed", { page: "runs", tag: "team:growth", state: "FAILED" }, 80],
  ["runs without a tag", { page: "runs", without: "team:growth" }, 80],
  ["run with the map", { page: "run", runId }, 200],
  ["its timeline", { page: "run", runId, tab: "timeline" }, 200],
  ["its graph", { page: "run", runId, tab: "graph" }, 200],
  [`run of ${layers * layerSteps} steps`, { page: "run", runId: layeredRun }, 200],
  ["its timeline", { page: "run", runId: layeredRun, tab: "timeline" }, 200],
  ["its graph", { page: "run", runId: layeredRun, tab: "graph" }, 200],
  ["map, all children", { page: "map", runId, step: "score" }, 120],
  ["map, a row of 200", { page: "map", runId, step: "score", row: 800 }, 120],
];

async function measurePages(
  engine: Engine,
  looked: ReadCounts,
  runIds: readonly [map: string, layered: string],
  rounds: number,
): Promise<Report> {
  const sources = { engine, logs: new MemoryLogReader(), paramsSchemaOf };
  const rows = [];
  const overBudget: string[] = [];
  for (const [what, given, maxKilobytes] of pagesFor(...runIds)) {
    const request: PageRequest = pageRequest.parse(given);
    const { reading, drawing, first, reads, bytes } = await take(
      sources,
      looked,
      request.page,
      request,
      rounds,
    );
    const kilobytes = bytes / 1000;
    const drawn = spreadOf(drawing);
    rows.push([what, reads.queries, reads.reads, reads.items, kilobytes, spreadOf(reading), first, drawn]);
    if (drawn.median > drawBudget)
      overBudget.push(`${what}: ${drawn.median} ms to draw, budget ${drawBudget}`);
    if (kilobytes > maxKilobytes) overBudget.push(`${what}: ${kilobytes} KB, budget ${maxKilobytes}`);
  }
  const notes = [
    `Median (min–max) of ${rounds} rounds after a first one. KB are those of the page's HTML in a browser.`,
    "The emulator sorts a whole partition for each query, so the ms of reading are its own and grow with what is stored.",
    "DynamoDB reads only what is looked at. Objects and schedules are in memory. Drawing is our code alone.",
    "The first drawing of a page is that of new code. A graph is placed once, and remembered as long as the function lives.",
  ];
  const columns = [
    "page",
    "queries",
    "other reads",
    "items looked at",
    "KB",
    "ms to read",
    "ms to draw first",
    "ms to draw",
  ];
  const stored = `${manyRuns.toLocaleString("en-US")} runs and a map of ${children.toLocaleString("en-US")}`;
  return {
    tables: [{ title: `Pages of the console over ${stored}, on the local stack`, columns, rows, notes }],
    overBudget,
  };
}

/** What pages of the console read, how large they are, and how long they take, over many runs and a large map. */
export async function measureConsole({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const memory = new MemoryEngine([...hourly, scores, layered], {}, afterManyRuns);
  const mapped = await runInMemory(memory, scores);
  const inLayers = await runInMemory(memory, layered);
  const ministack = await startTestMinistack();
  const client = dynamoClient({ ...ministack.client, requestHandler: { requestTimeout: 60_000 } });
  try {
    const table: DynamoTable = { client, name: "millrace-bench" };
    await createRunTable(client, table.name);
    await fillWithRuns(table);
    await writeItems(table, [...mapped.items, ...inLayers.items]);
    const store = dynamoRunStore(table);
    for (const { graphHash, graph } of [scores, layered]) await store.putGraph(graphHash, graph);
    await runSchedules(memory.engine);
    const looked = watch(client);
    return await measurePages({ ...memory.engine, store }, looked, [mapped.runId, inLayers.runId], rounds);
  } finally {
    client.destroy();
    await ministack.stop();
  }
}
