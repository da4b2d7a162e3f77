import * as z from "zod";
import type { RunFilter, RunStore } from "../../ports/run-store.ts";
import type { RunState, RunSummary } from "../../state/run.ts";
import { listingKey, runIdOfListing } from "../../state/run-listing.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import {
  dayOf,
  dayPartition,
  daysPartition,
  duePartitions,
  dueTime,
  type ItemKey,
  pipelinePartition,
  runKey,
  statePartitions,
  tagPartition,
} from "./dynamo-keys.ts";
import { type Query, queryOnce, take } from "./dynamo-query.ts";
import { dueOf, runKeyOf, runSummaryOf } from "./dynamo-run-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";

/**
 * Maximum number of items of a partition that a page looks at if a filter drops some. One query reads about as many.
 */
const lookedAt = 1000;
/** The same maximum if each run must be read individually: BatchGetItem accepts as many. */
const runsRead = 100;

/** Maximum number of days whose runs one page looks through. */
const daysLookedAt = 64;

/** Where the runs that match a filter are listed, and which parts of the filter must still be checked there. */
type Place = {
  readonly index?: string;
  readonly pk: "pk" | "gsi1pk" | "gsi2pk" | "day";
  readonly sk: "sk" | "gsi1sk" | "gsi2sk";
  /** All partitions at once, or the days that have runs, of which a few may be enough. */
  readonly partitions: readonly string[] | "days";
  /** Conditions on the items' contents, each with the value of its parameter. */
  readonly conditions: Readonly<Record<string, { readonly text: string; readonly value: string }>>;
  /** Set if items only name runs: each run is read individually, and kept if it is in the requested state. */
  readonly named?: Named;
};

type Named = { readonly keyOf: (item: unknown) => ItemKey; readonly state: RunState | undefined };

const listed = z.object({ sk: z.string() });

const byState = { index: "runs-by-state", pk: "gsi2pk", sk: "gsi2sk" } as const;
const byPipeline = { index: "runs-by-pipeline", pk: "gsi1pk", sk: "gsi1sk" } as const;
const byDay = { index: "runs-by-day", pk: "day", sk: "gsi1sk" } as const;
const byTag = { pk: "pk", sk: "sk" } as const;

/**
 * Most runs have succeeded, and few are in any other state. So a list of another state is read by state, and a list of
 * succeeded runs by tag, pipeline or day, whichever has fewer runs to drop.
 */
function placeFor({ pipeline, state, tag }: RunFilter): Place {
  const ofPipeline = pipeline && { ":pipeline": { text: "pipeline = :pipeline", value: pipeline } };
  const ofState = state && { ":state": { text: "#state = :state", value: state } };
  const ofTag = tag && { ":tag": { text: "contains(tags, :tag)", value: tag } };
  if (state !== undefined && state !== "SUCCEEDED") {
    return { ...byState, partitions: statePartitions(state), conditions: { ...ofPipeline, ...ofTag } };
  }
  if (tag !== undefined) {
    const keyOf = (item: unknown) => runKey(runIdOfListing(listed.parse(item).sk));
    const partitions = [tagPartition(tag)];
    return { ...byTag, partitions, conditions: { ...ofPipeline }, named: { keyOf, state } };
  }
  if (pipeline !== undefined) {
    return { ...byPipeline, partitions: [pipelinePartition(pipeline)], conditions: { ...ofState } };
  }
  return { ...byDay, partitions: "days", conditions: {}, named: { keyOf: runKeyOf, state } };
}

/** The part of a partition that a page searches. Both ends are inclusive, compared as sort keys. */
type Range = { readonly low?: string; readonly high?: string };

function rangeOf({ since, until }: RunFilter, from: string | undefined): Range {
  // Listing keys start with the time and continue with #; a bare time sorts before all keys of that time.
  const high = [until, from].filter((end) => end !== undefined).toSorted()[0];
  return { ...(since !== undefined && { low: since }), ...(high !== undefined && { high }) };
}

/** Whether a range can contain nothing. DynamoDB refuses to query such a range. */
const isEmpty = ({ low, high }: Range) => low !== undefined && high !== undefined && low > high;

/** The condition on the sort key; undefined for a whole partition. */
function rangeText({ low, high }: Range): string | undefined {
  if (low !== undefined && high !== undefined) return "#sk BETWEEN :low AND :high";
  if (low !== undefined) return "#sk >= :low";
  return high === undefined ? undefined : "#sk <= :high";
}

function queryOf(place: Place, partition: string, range: Range, wanted: number): Query {
  const conditions = Object.entries(place.conditions);
  const drops = conditions.length > 0 || place.named?.state !== undefined;
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
    Limit: drops ? Math.max(wanted, place.named?.state === undefined ? lookedAt : runsRead) : wanted,
  };
}

/** The result of one query, newest first, and the sort key that it reached if there may be more. */
type Found = { readonly items: readonly unknown[]; readonly lastKey?: string };

const attributes = z.record(z.string(), z.unknown());

/** The first items in order: each run that an item names costs a read. */
function firstOf(found: readonly Found[], { sk }: Place, count: number): readonly Found[] {
  const items = found.flatMap((each) => each.items);
  if (items.length <= count) return found;
  const first = items.slice(0, count);
  return [{ items: first, lastKey: z.string().parse(attributes.parse(first.at(-1))[sk]) }];
}

async function findIn(
  table: DynamoTable,
  place: Place,
  partition: string,
  range: Range,
  wanted: number,
): Promise<Found> {
  const { items, last } = await queryOnce(table, queryOf(place, partition, range, wanted));
  const lastKey = last === undefined ? undefined : z.string().parse(last[place.sk]);
  return { items, ...(lastKey !== undefined && { lastKey }) };
}

/** Days that have runs, newest first. A day's text sorts before the listing keys of its runs. */
async function daysWithRuns(table: DynamoTable, { low, high }: Range): Promise<string[]> {
  const { items } = await queryOnce(table, {
    KeyConditionExpression: "pk = :days AND sk BETWEEN :low AND :high",
    ExpressionAttributeValues: {
      ":days": daysPartition,
      ":low": dayOf(low ?? "0"),
      ":high": dayOf(high ?? "9"),
    },
    ScanIndexForward: false,
    Limit: daysLookedAt,
  });
  return items.map((item) => listed.parse(item).sk);
}

/**
 * Searches day by day, newest first, until there is enough. Busy stages need one day; quiet ones need several at once.
 */
async function findByDay(table: DynamoTable, place: Place, range: Range, wanted: number): Promise<Found[]> {
  const days = await daysWithRuns(table, range);
  const found: Found[] = [];
  let count = 0;
  let looked = 0;
  while (looked < days.length && count < wanted) {
    const atOnce = days.slice(looked, Math.max(1, looked * 2));
    const next = await Promise.all(
      atOnce.map((day) => findIn(table, place, dayPartition(day), range, wanted)),
    );
    found.push(...next);
    count += next.reduce((sum, { items }) => sum + items.length, 0);
    looked += atOnce.length;
  }
  const last = days[looked - 1];
  const isAll = looked === days.length && days.length < daysLookedAt;
  return isAll || last === undefined ? found : [...found, { items: [], lastKey: last }];
}

/** Reads the runs that items name. */
async function readNamed(table: DynamoTable, items: readonly unknown[], { keyOf, state }: Named) {
  const runs = (await batchGet(table, items.map(keyOf))).map(runSummaryOf);
  return runs.filter((run) => state === undefined || run.state === state);
}

/**
 * A page of the results from several partitions, newest first. It ends where one partition was not searched further,
 * because its next items might sort before those of the others.
 */
function pageOf(runs: readonly RunSummary[], found: readonly Found[], limit: number) {
  const horizon = found
    .flatMap(({ lastKey }) => lastKey ?? [])
    .toSorted()
    .at(-1);
  // By key, because a run that changes state between two of the queries is found twice.
  const byKey = new Map(runs.map((run) => [listingKey(run), run]));
  const known = [...byKey].filter(([key]) => horizon === undefined || key >= horizon);
  const sorted = known.sort(([a], [b]) => (a < b ? 1 : -1));
  const page = sorted.slice(0, limit);
  const next = sorted.length > limit ? page.at(-1)?.[0] : horizon;
  return { runs: page.map(([, run]) => run), ...(next !== undefined && { next }) };
}

/** Reads from the indexes of runs. Each may lag seconds behind the runs themselves. */
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
      // Two more than requested: one may be the run of `from` itself, and one shows whether there is another page.
      const wanted = limit + 2;
      const { partitions, named } = place;
      const all =
        partitions === "days"
          ? await findByDay(table, place, range, wanted)
          : await Promise.all(partitions.map((partition) => findIn(table, place, partition, range, wanted)));
      const found = named !== undefined && named.state === undefined ? firstOf(all, place, wanted) : all;
      const items = found.flatMap((each) => each.items);
      const runs = named === undefined ? items.map(runSummaryOf) : await readNamed(table, items, named);
      const after = runs.filter((run) => from === undefined || listingKey(run) < from);
      return pageOf(after, found, limit);
    },
  };
}
