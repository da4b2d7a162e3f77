import * as z from "zod";
import { type RunState, runStates } from "../state/run.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import {
  duePartitions,
  dueTime,
  type ItemKey,
  pipelinePartition,
  runKey,
  statePartitions,
  tagPartition,
} from "./dynamo-keys.ts";
import { type Query, queryOnce, take } from "./dynamo-query.ts";
import { dueOf, runSummaryOf } from "./dynamo-run-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { listingKey, runIdOfListing } from "./run-listing.ts";
import type { RunFilter, RunStore, RunSummary } from "./run-store.ts";

/** Most items of a partition that are looked at for a page, where a filter drops some. A query reads as many in one go. */
const lookedAt = 1000;
/** The same where each run must be read by itself: BatchGetItem takes as many. */
const runsRead = 100;

/** Where the runs that a filter asks for are listed, and what of the filter must still be looked at there. */
type Place = {
  readonly index?: string;
  readonly pk: "pk" | "gsi1pk" | "gsi2pk";
  readonly sk: "sk" | "gsi1sk" | "gsi2sk";
  readonly partitions: readonly string[];
  /** Conditions on what the items hold, each with the value of its parameter. */
  readonly conditions: Readonly<Record<string, { readonly text: string; readonly value: string }>>;
  /** The state that runs are kept of once they were read: items of tags do not know it. */
  readonly stateOfRun?: RunState;
};

const byState = { index: "runs-by-state", pk: "gsi2pk", sk: "gsi2sk" } as const;
const byPipeline = { index: "runs-by-pipeline", pk: "gsi1pk", sk: "gsi1sk" } as const;
const byTag = { pk: "pk", sk: "sk" } as const;

/**
 * Most runs have succeeded; of every other state there are few. So a list of another state is read by state, and one of
 * runs that succeeded by its tag or pipeline: whichever has less to drop.
 */
function placeFor({ pipeline, state, tag }: RunFilter): Place {
  const ofPipeline = pipeline && { ":pipeline": { text: "pipeline = :pipeline", value: pipeline } };
  const ofState = state && { ":state": { text: "#state = :state", value: state } };
  const ofTag = tag && { ":tag": { text: "contains(tags, :tag)", value: tag } };
  const few = state !== undefined && state !== "SUCCEEDED";
  if (tag !== undefined && !few) {
    const conditions = { ...ofPipeline };
    return { ...byTag, partitions: [tagPartition(tag)], conditions, ...(state && { stateOfRun: state }) };
  }
  if (pipeline !== undefined && !few) {
    return { ...byPipeline, partitions: [pipelinePartition(pipeline)], conditions: { ...ofState } };
  }
  const partitions = (state === undefined ? runStates : [state]).flatMap(statePartitions);
  return { ...byState, partitions, conditions: { ...ofPipeline, ...ofTag } };
}

/** The part of a partition that a page is looked for in: both ends are inclusive, as sort keys are compared. */
function range(filter: RunFilter, from: string | undefined): { low: string; high: string } {
  // Listing keys start with the time and go on with #; a time alone sorts before all keys of that time.
  const ends = [filter.until, from].filter((end) => end !== undefined).sort();
  return { low: filter.since ?? "0", high: ends[0] ?? "9" };
}

function queryOf(place: Place, partition: string, { low, high }: ReturnType<typeof range>, wanted: number) {
  const conditions = Object.entries(place.conditions);
  const drops = conditions.length > 0 || place.stateOfRun !== undefined;
  const names = conditions.some(([, { text }]) => text.includes("#state")) ? { "#state": "state" } : {};
  const query: Query = {
    ...(place.index !== undefined && { IndexName: place.index }),
    KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :low AND :high",
    ...(conditions.length > 0 && { FilterExpression: conditions.map(([, { text }]) => text).join(" AND ") }),
    ExpressionAttributeNames: { "#pk": place.pk, "#sk": place.sk, ...names },
    ExpressionAttributeValues: {
      ":pk": partition,
      ":low": low,
      ":high": high,
      ...Object.fromEntries(conditions.map(([name, { value }]) => [name, value])),
    },
    ScanIndexForward: false,
    Limit: drops ? Math.max(wanted, place.stateOfRun === undefined ? lookedAt : runsRead) : wanted,
  };
  return query;
}

/** What one query found, newest first, and the sort key that it came to, if there may be more. */
type Found = { readonly items: readonly unknown[]; readonly cameTo?: string };

const tagItem = z.object({ sk: z.string() });

/** The runs that items of a tag name. */
async function runsOfTag(table: DynamoTable, items: readonly unknown[], state: RunState | undefined) {
  const keys = items.map((item): ItemKey => runKey(runIdOfListing(tagItem.parse(item).sk)));
  const runs = (await batchGet(table, keys)).map(runSummaryOf);
  return runs.filter((run) => state === undefined || run.state === state);
}

/**
 * A page of what was found in several partitions, newest first. It ends where one of them was not looked at further, as
 * what comes there might come before what others have.
 */
function pageOf(runs: readonly RunSummary[], found: readonly Found[], limit: number) {
  const horizon = found
    .flatMap(({ cameTo }) => cameTo ?? [])
    .toSorted()
    .at(-1);
  // By key: a run that changed its state between two of the queries is found twice.
  const byKey = new Map(runs.map((run) => [listingKey(run), run]));
  const known = [...byKey].filter(([key]) => horizon === undefined || key >= horizon);
  const sorted = known.sort(([a], [b]) => (a < b ? 1 : -1));
  const page = sorted.slice(0, limit);
  const next = sorted.length > limit ? page.at(-1)?.[0] : horizon;
  return { runs: page.map(([, run]) => run), ...(next !== undefined && { next }) };
}

/** Reads of the indexes of runs. Each may be seconds behind the runs themselves. */
export function dynamoRunListing(table: DynamoTable): Pick<RunStore, "dueRuns" | "listRuns"> {
  return {
    async dueRuns(now, limit) {
      const found = await Promise.all(
        duePartitions.map((partition) => {
          const query: Query = {
            IndexName: "due",
            KeyConditionExpression: "duePartition = :partition AND dueAt <= :now",
            ExpressionAttributeValues: { ":partition": partition, ":now": dueTime(now) },
            Limit: limit,
          };
          return take(table, query, limit);
        }),
      );
      return found
        .flat()
        .map((item) => ({ dueAt: "", ...dueOf(item) }))
        .sort((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0))
        .slice(0, limit)
        .map(({ runId }) => runId);
    },

    async listRuns(filter, limit, from) {
      const place = placeFor(filter);
      const bounds = range(filter, from);
      if (bounds.low > bounds.high) return { runs: [] };
      const found = await Promise.all(
        place.partitions.map(async (partition): Promise<Found> => {
          // Two more than asked for: one may be that of `from` itself, and one tells whether there is another page.
          const { items, last } = await queryOnce(table, queryOf(place, partition, bounds, limit + 2));
          const cameTo = last === undefined ? undefined : z.string().parse(last[place.sk]);
          return { items, ...(cameTo !== undefined && { cameTo }) };
        }),
      );
      const items = found.flatMap((each) => each.items);
      const runs =
        place.index === undefined ? await runsOfTag(table, items, place.stateOfRun) : items.map(runSummaryOf);
      const after = runs.filter((run) => from === undefined || listingKey(run) < from);
      return pageOf(after, found, limit);
    },
  };
}
