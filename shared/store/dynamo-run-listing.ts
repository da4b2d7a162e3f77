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
type Range = { readonly low?: string; readonly high?: string };

function rangeOf({ since, until }: RunFilter, from: string | undefined): Range {
  // Listing keys start with the time and go on with #; a time alone sorts before all keys of that time.
  const high = [until, from].filter((end) => end !== undefined).toSorted()[0];
  return { ...(since !== undefined && { low: since }), ...(high !== undefined && { high }) };
}

/** Whether nothing can be in a range; DynamoDB refuses to look. */
const isEmpty = ({ low, high }: Range) => low !== undefined && high !== undefined && low > high;

/** The condition on the sort key; none for a whole partition. */
function rangeText({ low, high }: Range): string | undefined {
  if (low !== undefined && high !== undefined) return "#sk BETWEEN :low AND :high";
  if (low !== undefined) return "#sk >= :low";
  return high === undefined ? undefined : "#sk <= :high";
}

function queryOf(place: Place, partition: string, range: Range, wanted: number): Query {
  const conditions = Object.entries(place.conditions);
  const drops = conditions.length > 0 || place.stateOfRun !== undefined;
  const names = conditions.some(([, { text }]) => text.includes("#state")) ? { "#state": "state" } : {};
  const { low, high } = range;
  const within = rangeText(range);
  return {
    ...(place.index !== undefined && { IndexName: place.index }),
    KeyConditionExpression: within === undefined ? "#pk = :pk" : `#pk = :pk AND ${within}`,
    ...(conditions.length > 0 && { FilterExpression: conditions.map(([, { text }]) => text).join(" AND ") }),
    ExpressionAttributeNames: { "#pk": place.pk, ...(within && { "#sk": place.sk }), ...names },
    ExpressionAttributeValues: {
      ":pk": partition,
      ...(low !== undefined && { ":low": low }),
      ...(high !== undefined && { ":high": high }),
      ...Object.fromEntries(conditions.map(([name, { value }]) => [name, value])),
    },
    ScanIndexForward: false,
    Limit: drops ? Math.max(wanted, place.stateOfRun === undefined ? lookedAt : runsRead) : wanted,
  };
}

/** What one query found, newest first, and the sort key that it came to, if there may be more. */
type Found = { readonly items: readonly unknown[]; readonly cameTo?: string };

const tagItem = z.object({ sk: z.string() });
const tagKeyOf = (item: unknown) => tagItem.parse(item).sk;

/** The first of what was found: every run that a tag's items name costs a read. */
function firstOf(found: Found, count: number): Found {
  if (found.items.length <= count) return found;
  const items = found.items.slice(0, count);
  return { items, cameTo: tagKeyOf(items.at(-1)) };
}

/** The runs that items of a tag name. */
async function runsOfTag(table: DynamoTable, items: readonly unknown[], state: RunState | undefined) {
  const keys = items.map((item): ItemKey => runKey(runIdOfListing(tagKeyOf(item))));
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
      const range = rangeOf(filter, from);
      if (isEmpty(range)) return { runs: [] };
      // Two more than asked for: one may be that of `from` itself, and one tells whether there is another page.
      const wanted = limit + 2;
      const found = await Promise.all(
        place.partitions.map(async (partition): Promise<Found> => {
          const { items, last } = await queryOnce(table, queryOf(place, partition, range, wanted));
          const cameTo = last === undefined ? undefined : z.string().parse(last[place.sk]);
          const all = { items, ...(cameTo !== undefined && { cameTo }) };
          return place.index === undefined && place.stateOfRun === undefined ? firstOf(all, wanted) : all;
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
