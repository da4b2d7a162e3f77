import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import type { RunFilter } from "../shared/ports/run-store.ts";
import { startTestMinistack } from "../test/ministack.ts";
import { createRunTable } from "../test/run-table.ts";
import { lookAtLongRuns } from "./long-runs.ts";
import { fillWithRuns, manyRuns } from "./many-runs.ts";
import { watch } from "./read-counts.ts";
import { type Report, spreadOf } from "./report.ts";

const stage = "bench";
const pageSize = 20;
const pagesEach = 9;
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
    await fillWithRuns(table);
    const looked = watch(client);
    const store = dynamoRunStore(table);
    const rows = [];
    const overBudget: string[] = [];
    for (const [what, filter, budget] of filters) {
      const times: number[] = [];
      let from: string | undefined;
      Object.assign(looked, { queries: 0, reads: 0, items: 0 });
      // Measured warm and from the second page, because later pages cost no less than the first.
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
    const title = `A page of runs among ${manyRuns.toLocaleString("en-US")}, on the local stack`;
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
