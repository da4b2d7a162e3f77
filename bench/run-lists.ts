import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { dayKey, dayOf, statePartition, tagKey } from "../shared/adapters/aws/dynamo-keys.ts";
import { newRunItem } from "../shared/adapters/aws/dynamo-run-item.ts";
import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { type DynamoTable, dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import type { RunFilter } from "../shared/ports/run-store.ts";
import type { RunState } from "../shared/state/run.ts";
import { aRun } from "../test/factories.ts";
import { startTestMinistack } from "../test/ministack.ts";
import { createRunTable } from "../test/run-table.ts";
import { lookAtLongRuns } from "./long-runs.ts";
import { watch } from "./read-counts.ts";
import { type Report, spreadOf } from "./report.ts";

const stage = "bench";
const runs = 100_000;
const pipelines = 20;
const pageSize = 20;
const pagesEach = 9;
/** Max. number of items in one BatchWriteItem. */
const maxItemsPerCall = 25;
const maxConcurrentWriters = 8;

/**
 * A run each minute, from twenty pipelines in turns. One of 50 failed, the last few are under way, and one of ten has a
 * tag.
 */
function itemsOf(number: number): object[] {
  const state: RunState = number >= runs - 10 ? "RUNNING" : number % 50 === 7 ? "FAILED" : "SUCCEEDED";
  const startedAt = new Date(Date.parse("2021-01-01T00:00:00Z") + number * 60_000).toISOString();
  const tags = number % 10 === 7 ? ["team:growth"] : [];
  const run = aRun({ pipeline: `pipeline-${number % pipelines}`, startedAt, scheduledAt: startedAt, tags });
  const { duePartition: _duePartition, dueAt: _dueAt, gsi2pk: _gsi2pk, ...item } = newRunItem(run, 0);
  const listed = state === "SUCCEEDED" ? {} : { gsi2pk: statePartition(state, run.runId) };
  const ended = state === "RUNNING" ? {} : { endedAt: startedAt };
  return [
    { ...item, state, ...listed, ...ended },
    ...tags.map((tag) => ({ ...tagKey(tag, run), pipeline: run.pipeline })),
    ...(startedAt.endsWith("T00:00:00.000Z") ? [dayKey(dayOf(startedAt))] : []),
  ];
}

async function fill({ client, name }: DynamoTable): Promise<void> {
  const items = Array.from({ length: runs }, (_, number) => itemsOf(number)).flat();
  let next = 0;
  const write = async () => {
    while (next < items.length) {
      const chunk = items.slice(next, next + maxItemsPerCall);
      next += maxItemsPerCall;
      const requests = chunk.map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [name]: requests } }));
    }
  };
  await Promise.all(Array.from({ length: maxConcurrentWriters }, write));
}

const growth = { tag: "team:growth" };
const pipeline = "pipeline-7";
const since = "2021-02-01T00:00:00.000Z";
const until = "2021-03-01T00:00:00.000Z";
/** What is listed, and how many queries a page may take: one for each partition. */
const filters: readonly (readonly [string, RunFilter, number])[] = [
  ["all runs", {}, 2],
  ["a pipeline's", { pipeline }, 1],
  ["a pipeline's of a month", { pipeline, since, until }, 1],
  ["a pipeline's that succeeded", { pipeline, state: "SUCCEEDED" }, 1],
  ["a pipeline's that failed", { pipeline, state: "FAILED" }, 4],
  ["those that failed", { state: "FAILED" }, 4],
  ["those under way", { state: "RUNNING" }, 4],
  ["a tag's", growth, 1],
  ["a tag's of a pipeline and month", { ...growth, pipeline, since, until }, 1],
  ["a tag's that failed", { ...growth, state: "FAILED" }, 4],
];

/**
 * How long one page of 100,000 runs takes, and what it reads, with each filter. Also measures a look at one long run.
 */
export async function measureRunLists(): Promise<Report> {
  const ministack = await startTestMinistack();
  const client = dynamoClient({ ...ministack.client, requestHandler: { requestTimeout: 60_000 } });
  try {
    const table = { client, name: `millrace-${stage}` };
    await createRunTable(client, table.name);
    await fill(table);
    const looked = watch(client);
    const store = dynamoRunStore(table);
    const rows = [];
    const overBudget: string[] = [];
    for (const [what, filter, budget] of filters) {
      const times: number[] = [];
      let from: string | undefined;
      Object.assign(looked, { queries: 0, reads: 0, items: 0 });
      // Measured warm and from the second page, as later pages cost no less than the first.
      await store.listRuns(filter, pageSize);
      Object.assign(looked, { queries: 0, reads: 0, items: 0 });
      for (let page = 0; page < pagesEach; page += 1) {
        const before = performance.now();
        const found = await store.listRuns(filter, pageSize, from);
        times.push(performance.now() - before);
        from = found.next;
      }
      const each = (count: number) => count / pagesEach;
      const spread = spreadOf(times);
      rows.push([what, each(looked.queries), each(looked.reads), each(looked.items), spread]);
      if (each(looked.queries) > budget) {
        overBudget.push(`a page of ${what}: ${each(looked.queries)} queries, budget ${budget}`);
      }
    }
    const notes = [
      `Pages of ${pageSize}, ${pagesEach} in a row, each from the end of the one before: median (min–max).`,
      "Queries of a page are sent at once. The emulator answers one after the other, and each by sorting its whole partition:",
      "its times grow with what is stored. DynamoDB reads only what is looked at.",
    ];
    const columns = ["runs listed", "queries", "batch reads", "items looked at", "ms"];
    const title = `A page of runs among ${runs.toLocaleString("en-US")}, on the local stack`;
    const longRuns = await lookAtLongRuns(stage, ministack.client);
    return {
      tables: [{ title, columns, rows, notes }, ...longRuns.tables],
      overBudget: [...overBudget, ...longRuns.overBudget],
    };
  } finally {
    client.destroy();
    await ministack.stop();
  }
}
