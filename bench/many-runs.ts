import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { dayKey, dayOf, figuresKey, statePartition, tagKey } from "../shared/adapters/aws/dynamo-keys.ts";
import { newRunItem } from "../shared/adapters/aws/dynamo-run-item.ts";
import type { DynamoTable } from "../shared/adapters/aws/dynamo-table.ts";
import type { RunState } from "../shared/state/run.ts";
import { aRun } from "../test/factories.ts";

/** How many runs are stored. */
export const manyRuns = 100_000;
/** Their pipelines take turns. */
export const manyPipelines: readonly string[] = Array.from({ length: 20 }, (_, place) => `pipeline-${place}`);
const firstAt = Date.parse("2021-01-01T00:00:00Z");
const startOf = (number: number) => firstAt + number * 60_000;
/** Just after the start of the newest run, in epoch milliseconds. */
export const afterManyRuns = startOf(manyRuns);

/** Max. number of items in one BatchWriteItem. */
const maxItemsPerCall = 25;
const maxConcurrentWriters = 8;

const stateOf = (number: number): RunState =>
  number >= manyRuns - 10 ? "RUNNING" : number % 50 === 7 ? "FAILED" : "SUCCEEDED";
const pipelineOf = (number: number) => manyPipelines[number % manyPipelines.length] ?? "";

/**
 * A run each minute, from twenty pipelines in turns. One of 50 failed, the last few are under way, and one of ten has a
 * tag.
 */
function itemsOf(number: number): object[] {
  const state = stateOf(number);
  const startedAt = new Date(startOf(number)).toISOString();
  const tags = number % 10 === 7 ? ["team:growth"] : [];
  const run = aRun({ pipeline: pipelineOf(number), startedAt, scheduledAt: startedAt, tags });
  const { duePartition: _duePartition, dueAt: _dueAt, gsi2pk: _gsi2pk, ...item } = newRunItem(run, 0);
  const listed = state === "SUCCEEDED" ? {} : { gsi2pk: statePartition(state, run.runId) };
  const ended = state === "RUNNING" ? {} : { endedAt: startedAt };
  return [
    { ...item, state, ...listed, ...ended },
    ...tags.map((tag) => ({ ...tagKey(tag, run), pipeline: run.pipeline })),
    ...(startedAt.endsWith("T00:00:00.000Z") ? [dayKey(dayOf(startedAt))] : []),
  ];
}

/** The figures of each day and pipeline, in one item each. */
function figureItems(): object[] {
  const ended = Array.from({ length: manyRuns }, (_, number) => number).filter(
    (number) => stateOf(number) !== "RUNNING",
  );
  const groups = Map.groupBy(
    ended,
    (number) => `${dayOf(new Date(startOf(number)).toISOString())} ${pipelineOf(number)}`,
  );
  return [...groups].map(([key, numbers]) => {
    const [day = "", pipeline = ""] = key.split(" ");
    const failed = numbers.filter((number) => stateOf(number) === "FAILED").length;
    return {
      ...figuresKey(day, pipeline, ""),
      SUCCEEDED: numbers.length - failed,
      ...(failed > 0 && { FAILED: failed }),
      nanodollars: numbers.length * 1_000_000,
    };
  });
}

/** Writes items to a table, a few batches at once. */
export async function writeItems({ client, name }: DynamoTable, items: readonly object[]): Promise<void> {
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

/** Stores {@link manyRuns} runs, with the records that lists and figures read. */
export async function fillWithRuns(table: DynamoTable): Promise<void> {
  const runs = Array.from({ length: manyRuns }, (_, number) => itemsOf(number)).flat();
  await writeItems(table, [...runs, ...figureItems()]);
}
