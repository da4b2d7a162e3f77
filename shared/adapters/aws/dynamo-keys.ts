import { createHash } from "node:crypto";
import * as z from "zod";
import type { ObjectWaiter } from "../../ports/object-waiters.ts";
import type { TallyKey } from "../../ports/run-store.ts";
import type { Run, RunState } from "../../state/run.ts";
import { listingKey, waitingKey } from "../../state/run-listing.ts";
import { limitNames } from "../../state/run-slots.ts";
import { laneOf, type WaitingPlace } from "../../state/slots.ts";
import type { StepKey } from "../../state/step-record.ts";

/** Primary key of an item. */
export type ItemKey = { readonly pk: string; readonly sk: string };

/** The attributes that place an item in the table and its indexes. No record has a field with one of these names. */
export const placeAttributes = [
  ...["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"],
  ...["day", "duePartition"],
] as const;

/**
 * Attributes that store part of a record in another form: sets, JSON texts, the mark of a write. No record has a field
 * with one of these names either.
 */
export const formAttributes = ["value", "uri", "done", "failed", "skipped", "dueAt", "moves"] as const;

const attributes = z.record(z.string(), z.unknown());

/** The fields of a record: what its item holds besides its place. @throws ZodError for anything that is not an item */
export function fieldsOf(item: unknown): Readonly<Record<string, unknown>> {
  const fields = { ...attributes.parse(item) };
  for (const name of placeAttributes) delete fields[name];
  return fields;
}

/**
 * The number of partitions of the indexes by state and by due time. Each takes 1,000 writes a second; a list reads and
 * merges all of them.
 */
const spread = [0, 1, 2, 3] as const;

/** Children sort by index (up to 10,000 of them), and the map sorts after them. */
const member = (index: number | "map") => (index === "map" ? "map" : String(index).padStart(5, "0"));

export const runKey = (runId: string): ItemKey => ({ pk: `RUN#${runId}`, sk: "RUN" });
export const graphKey = (hash: string): ItemKey => ({ pk: `GRAPH#${hash}`, sk: "GRAPH" });
export const stepKey = ({ runId, step, index }: StepKey): ItemKey => ({
  pk: `RUN#${runId}`,
  sk: `STEP#${step}#${member(index)}`,
});
export const tallyKey = ({ runId, step, shard }: TallyKey): ItemKey => ({
  pk: `RUN#${runId}`,
  sk: `TALLY#${step}#${member(shard)}`,
});
/** The slots of a limit. */
export const slotsKey = (limit: string): ItemKey => ({ pk: `LIMIT#${limit}`, sk: "SLOTS" });
/** The partition of a work queue's waiting runs. */
export const queuePartition = (queue: string) => `QUEUE#${queue}`;
/**
 * Prefix of the sort keys of all lanes of a work queue. The keys of older code begin with a digit, a run's priority, and
 * sort before them.
 */
export const lanesPrefix = "LANE#";
/** Prefix of the sort keys of a lane. */
export const lanePrefix = (lane: string) => `${lanesPrefix}${lane}#`;
/** Sorts behind all places of a lane and before those of the next one. */
export const laneEnd = (lane: string) => `${lanesPrefix}${lane}$`;
/** A place in a work queue. */
export const placeKey = ({
  queue,
  lane,
  order,
}: Pick<WaitingPlace, "queue" | "lane" | "order">): ItemKey => ({
  pk: queuePartition(queue),
  sk: `${lanePrefix(lane)}${order}`,
});
/** A run's place in its work queue. */
export const placeInQueue = (
  run: Pick<Run, "runId" | "queue" | "priority" | "startedAt" | "limits">,
): ItemKey => placeKey({ queue: run.queue, lane: laneOf(limitNames(run)), order: waitingKey(run) });
/** The lane of a place and its order there, from its sort key. A place that older code wrote is in no lane yet. */
export function placeFromKey(sk: string): { lane?: string; order: string } {
  if (!sk.startsWith(lanesPrefix)) return { order: sk };
  const end = sk.indexOf("#", lanesPrefix.length);
  return { lane: sk.slice(lanesPrefix.length, end), order: sk.slice(end + 1) };
}
/** The partition of the figures by day. */
export const figuresPartition = "FIGURES";
/**
 * The number of items that hold a pipeline's figures of a day. Transactions on one item wait for each other, so runs that
 * end at once should mostly change different items.
 */
const figuresSpread = 8;
/** The figures of a day and pipeline, in the item that a run's end changes. */
export const figuresKey = (day: string, pipeline: string, runId: string): ItemKey => ({
  pk: figuresPartition,
  sk: `${day}#${pipeline}#${characterSum(runId) % figuresSpread}`,
});
/** The day and pipeline of figures from their item's sort key. */
export const figuresFromKey = z
  .string()
  .regex(/^[^#]+#[^#]+#\d+$/)
  .transform((sk) => {
    const [day = "", pipeline = ""] = sk.split("#");
    return { day, pipeline };
  });

/** The partition of the runs that have a tag. */
export const tagPartition = (tag: string) => `TAG#${tag}`;
/** The item that records that a run has a tag. What it holds about the run never changes. */
export const tagKey = (tag: string, run: Pick<Run, "runId" | "startedAt">): ItemKey => ({
  pk: tagPartition(tag),
  sk: listingKey(run),
});
/** A result that later runs may use. */
export const resultKey = (key: string): ItemKey => ({ pk: `CACHE#${key}`, sk: "RESULT" });

/** All schedules share one partition: there are only as many as definitions name. */
export const schedulesPartition = "SCHEDULES";
export const scheduleKey = ({ pipeline, name }: { pipeline: string; name: string }): ItemKey => ({
  pk: schedulesPartition,
  sk: `${pipeline}#${name}`,
});
/** The partition of `due` for schedules that have a next time. */
export const schedulesDuePartition = "DUE#SCHEDULES";
/** A schedule's pipeline and name from its item's sort key. A pipeline's name has no #. */
export const scheduleFromKey = z
  .string()
  .regex(/^[^#]+#.+$/s)
  .transform((sk) => {
    const place = sk.indexOf("#");
    return { pipeline: sk.slice(0, place), name: sk.slice(place + 1) };
  });

export const backfillKey = (id: string): ItemKey => ({ pk: `BACKFILL#${id}`, sk: "BACKFILL" });
/** A backfill's id from its item's key. The item stores it nowhere else. */
export const backfillIdFromKey = z
  .string()
  .startsWith("BACKFILL#")
  .transform((pk) => pk.slice("BACKFILL#".length));
/** The partition of `runs-by-pipeline` that lists backfills. */
export const backfillsPartition = "BACKFILLS";
/** The partition of `due` for backfills that still have something to do. */
export const backfillsDuePartition = "DUE#BACKFILLS";

/** The partition of `due` for the approvals that wait for a person, by deadline. */
export const approvalsPartition = "DUE#APPROVALS";

/** The partition that lists the names of models. */
export const modelsPartition = "MODELS";
export const modelListingKey = (name: string): ItemKey => ({ pk: modelsPartition, sk: name });
/** The partition that holds everything about one model: versions, aliases and their logs. */
export const modelPartition = (name: string) => `MODEL#${name}`;
/** Prefixes of the sort keys in that partition. */
export const modelSortKeys = { version: "VERSION#", alias: "ALIAS#" } as const;
const ordinal = (number: number) => String(number).padStart(5, "0");
export const versionKey = (name: string, version: number): ItemKey => ({
  pk: modelPartition(name),
  sk: `${modelSortKeys.version}${ordinal(version)}`,
});
/** The last version number that was assigned to a source. */
export const modelNumbersKey = (name: string): ItemKey => ({ pk: modelPartition(name), sk: "NUMBERS" });
/** The version number of a source. */
export const sourceKey = (name: string, source: string): ItemKey => ({
  pk: modelPartition(name),
  sk: `SOURCE#${source}`,
});
export const aliasKey = (name: string, alias: string): ItemKey => ({
  pk: modelPartition(name),
  sk: `${modelSortKeys.alias}${alias}`,
});
/** Prefix of the sort keys of an alias's moves. */
export const moveKeyPrefix = (alias: string) => `MOVE#${alias}#`;
export const moveKey = (name: string, alias: string, number: number): ItemKey => ({
  pk: modelPartition(name),
  sk: `${moveKeyPrefix(alias)}${ordinal(number)}`,
});

/** A partition key may have 2,048 bytes. A URI that could need more is replaced by its hash. */
const maxUri = 1_500;

/** The partition of the steps that wait for an object. */
export function objectPartition(uri: string): string {
  if (Buffer.byteLength(uri) <= maxUri) return `OBJECT#${uri}`;
  return `OBJECT#sha256:${createHash("sha256").update(uri).digest("hex")}`;
}
/** A step's note that it waits for an object. */
export const waiterKey = (uri: string, { runId, step, index, epoch }: ObjectWaiter): ItemKey => ({
  pk: objectPartition(uri),
  sk: `WAITER#${runId}#${step}#${index}#${epoch}`,
});
/** What was last published at a key that is for the newest. */
export const publicationKey = (key: string): ItemKey => ({ pk: `PUBLISHED#${key}`, sk: "NEWEST" });
/** The time of the first event about a cause of runs. The key has its digest, because a cause may be too long. */
export const causeKey = (pipeline: string, cause: string): ItemKey => ({
  pk: `CAUSE#${pipeline}#${createHash("sha256").update(cause).digest("hex")}`,
  sk: "CAUSE",
});
/** Prefix of the sort keys of all records of a run, or of one step. */
export const stepKeyPrefix = (step?: string): string => (step === undefined ? "STEP#" : `STEP#${step}#`);

/** A run's id from its item's key. The item stores it nowhere else. */
export const runIdFromKey = z
  .string()
  .startsWith("RUN#")
  .transform((pk) => pk.slice("RUN#".length));

/** A step's name and index from its item's sort key. */
export const stepFromKey = z
  .string()
  .regex(/^STEP#[^#]+#(\d+|map)$/)
  .transform((sk) => {
    const [, step = "", index = ""] = sk.split("#");
    return { step, index: index === "map" ? ("map" as const) : Number(index) };
  });

function characterSum(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.charCodeAt(0);
  return sum;
}

/** The partition of an index that a run belongs to. */
const placeOf = (runId: string) => characterSum(runId) % spread.length;

/** The partition of `runs-by-pipeline` that holds a pipeline's runs. */
export const pipelinePartition = (pipeline: string) => `PIPELINE#${pipeline}`;
/** The partition of `runs-by-day` that holds the runs of a day (UTC): `YYYY-MM-DD`. */
export const dayPartition = (day: string) => `DAY#${day}`;
/** The day of an ISO 8601 time, or of a listing key, which starts with one. */
export const dayOf = (time: string) => time.slice(0, "YYYY-MM-DD".length);
/** The partition that lists the days that have runs. */
export const daysPartition = "DAYS";
export const dayKey = (day: string): ItemKey => ({ pk: daysPartition, sk: day });
/**
 * The states that `runs-by-state` lists. It leaves out SUCCEEDED: most runs have succeeded and would dominate the
 * index.
 */
export type ListedState = Exclude<RunState, "SUCCEEDED">;
/** The partition of `runs-by-state` that holds a run. */
export const statePartition = (state: ListedState, runId: string) => `STATE#${state}#${placeOf(runId)}`;
export const statePartitions = (state: ListedState) => spread.map((place) => `STATE#${state}#${place}`);
/** The partition of `due` that holds a run until it is closed. */
export const duePartition = (runId: string) => `DUE#${placeOf(runId)}`;
export const duePartitions = spread.map((place) => `DUE#${place}`);
/** A due time in the form that the index sorts by. @param dueAt epoch milliseconds */
export const dueTime = (dueAt: number) => new Date(dueAt).toISOString();
