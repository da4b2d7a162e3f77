import * as z from "zod";
import type { Json } from "../pipeline/json.ts";
import { tagsInOrder } from "../pipeline/tag.ts";
import { type Run, type RunningRun, runStates, type WaitingRun } from "../state/run.ts";
import {
  dayOf,
  dayPartition,
  duePartition,
  dueTime,
  type ItemKey,
  pipelinePartition,
  runIdFromKey,
  runKey,
  statePartition,
} from "./dynamo-keys.ts";
import { listingKey } from "./run-listing.ts";
import type { RunSummary } from "./run-store.ts";

/**
 * JSON kept as text: DynamoDB's own numbers and empty values differ from JSON's, and the text is shorter than its maps.
 */
export const jsonText = z.string().transform((text): Json => JSON.parse(text));

/** A set of numbers. DynamoDB has no empty set: nothing is kept of it. */
export const numberSet = z
  .set(z.number())
  .optional()
  .transform((numbers): ReadonlySet<number> => numbers ?? new Set());

/** A set of tags, in order. */
const tagSet = z
  .set(z.string())
  .optional()
  .transform((tags): readonly string[] => tagsInOrder(tags ?? []));

const cause = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("object"), uri: z.string(), versionId: z.string().exactOptional() }),
  z.object({ kind: z.literal("schedule"), schedule: z.string() }),
  z.object({ kind: z.literal("manual"), by: z.string().exactOptional() }),
  z.object({ kind: z.literal("backfill"), backfill: z.string() }),
  z.object({ kind: z.literal("rerun"), runId: z.string() }),
  z.object({ kind: z.literal("run"), pipeline: z.string(), runId: z.string() }),
  z.object({
    kind: z.literal("step"),
    runId: z.string(),
    step: z.string(),
    index: z.int().nonnegative(),
    epoch: z.int().positive(),
  }),
]);

/** What most runs are like, and what is therefore not kept of them: the item of a run is written with every step. */
const usual = { priority: 50, onCollision: "queue", refresh: false } as const;

const facts = z.object({
  pk: runIdFromKey,
  pipeline: z.string(),
  graphHash: z.string(),
  name: z.string(),
  params: jsonText,
  cause,
  scheduledAt: z.string(),
  startedAt: z.string(),
  activeSince: z.string().exactOptional(),
  epoch: z.int().positive(),
  done: numberSet,
  failed: numberSet,
  skipped: numberSet,
  /** The pipeline's own when left out. */
  queue: z.string().exactOptional(),
  priority: z.int().default(usual.priority),
  limits: z.array(z.object({ name: z.string(), limit: z.int() })).default([]),
  onCollision: z.enum(["queue", "cancel_new"]).default(usual.onCollision),
  refresh: z.boolean().default(usual.refresh),
  tags: tagSet,
  error: z.object({ step: z.string(), name: z.string(), message: z.string() }).exactOptional(),
});

const runItem = z
  .discriminatedUnion("state", [
    facts.extend({ state: z.enum(["SCHEDULED", "QUEUED"]) }),
    facts.extend({ state: z.enum(["RUNNING", "PAUSED"]) }),
    facts.extend({
      state: z.literal("CANCELLING"),
      endsAs: z.enum(["CANCELLED", "TIMED_OUT"]),
      reason: z.string(),
    }),
    facts.extend({
      state: z.enum(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"]),
      endedAt: z.string(),
      reason: z.string().exactOptional(),
    }),
  ])
  .transform(
    ({ pk: runId, done, failed, skipped, ...run }): Run => ({
      ...run,
      queue: run.queue ?? run.pipeline,
      runId,
      progress: { done, failed, skipped },
    }),
  );

const summaryItem = z
  .object({
    pk: runIdFromKey,
    pipeline: z.string(),
    name: z.string(),
    state: z.enum(runStates),
    scheduledAt: z.string(),
    startedAt: z.string(),
    endedAt: z.string().exactOptional(),
    tags: tagSet,
  })
  .transform(({ pk: runId, ...summary }): RunSummary => ({ runId, ...summary }));

const keyItem = z.object({ pk: runIdFromKey });

/** When an item of a run is due, in the text of the index; undefined for a run that is closed. */
const dueItem = z.object({ pk: runIdFromKey, dueAt: z.string().exactOptional() });

/** The key of a run, of an index that holds nothing else. @throws ZodError for anything else */
export const runKeyOf = (item: unknown): ItemKey => runKey(keyItem.parse(item).pk);
/** The run of an item as DynamoDB gave it. @throws ZodError for anything else */
export const runOf = (item: unknown): Run => runItem.parse(item);
/** What the listing indexes hold of a run. @throws ZodError for anything else */
export const runSummaryOf = (item: unknown): RunSummary => summaryItem.parse(item);
/** Id and due time of a run, from its item or from the `due` index. @throws ZodError for anything else */
export function dueOf(item: unknown): { runId: string; dueAt?: string } {
  const { pk: runId, ...due } = dueItem.parse(item);
  return { runId, ...due };
}

const nonEmpty = (name: string, numbers: ReadonlySet<number>) =>
  numbers.size > 0 ? { [name]: new Set(numbers) } : {};

/** What is unusual of a run. */
function unusual({ pipeline, queue, priority, limits, onCollision, refresh, tags }: Run) {
  return {
    ...(queue !== pipeline && { queue }),
    ...(priority !== usual.priority && { priority }),
    ...(limits.length > 0 && { limits }),
    ...(onCollision !== usual.onCollision && { onCollision }),
    ...(refresh !== usual.refresh && { refresh }),
    ...(tags.length > 0 && { tags: new Set(tags) }),
  };
}

/** The item of a new run. Its sets come with the first step that ends. */
export function newRunItem(run: WaitingRun | RunningRun, dueAt: number) {
  const { runId, progress, params, queue, priority, limits, onCollision, refresh, tags, ...rest } = run;
  return {
    ...runKey(runId),
    ...rest,
    ...unusual(run),
    params: JSON.stringify(params),
    ...nonEmpty("done", progress.done),
    ...nonEmpty("failed", progress.failed),
    ...nonEmpty("skipped", progress.skipped),
    gsi1pk: pipelinePartition(run.pipeline),
    gsi1sk: listingKey(run),
    gsi2pk: statePartition(run.state, runId),
    gsi2sk: listingKey(run),
    day: dayPartition(dayOf(run.startedAt)),
    duePartition: duePartition(runId),
    dueAt: dueTime(dueAt),
  };
}
