import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import type { Json } from "../../pipeline/json.ts";
import { recordOf } from "../../pipeline/stored-record.ts";
import { tagsInOrder } from "../../pipeline/tag.ts";
import {
  type Run,
  type RunningRun,
  type RunSummary,
  runRecord,
  summaryOf,
  type WaitingRun,
} from "../../state/run.ts";
import { listingKey } from "../../state/run-listing.ts";
import {
  dayOf,
  dayPartition,
  duePartition,
  dueTime,
  fieldsOf,
  type ItemKey,
  pipelinePartition,
  runIdFromKey,
  runKey,
  statePartition,
} from "./dynamo-keys.ts";

/**
 * JSON stored as text: DynamoDB's own numbers and empty values differ from JSON's, and the text is shorter than its
 * maps.
 */
export const jsonText = z.string().transform((text): Json => JSON.parse(text));

/** A set of numbers. DynamoDB has no empty set, so an empty one isn't stored. */
export const numberSet = z
  .set(z.number())
  .optional()
  .transform((numbers): ReadonlySet<number> => numbers ?? new Set());

/** A set of tags, in order. */
const tagSet = z
  .set(z.string())
  .optional()
  .transform((tags): readonly string[] => tagsInOrder(tags ?? []));

/** Values that most runs have, which are therefore not stored: a run's item is rewritten with every step. */
const defaults: Partial<Run> = { priority: 50, onCollision: "queue", refresh: false, limits: [], tags: [] };

/** The fields that a run's item stores in another form than the run. */
const encodedFields = z.looseObject({
  pk: runIdFromKey,
  params: jsonText.exactOptional(),
  done: numberSet,
  failed: numberSet,
  skipped: numberSet,
  tags: tagSet,
});

/** A run's fields in the form that the run has them, as far as an item holds them. */
function runFieldsOf(item: unknown): Readonly<Record<string, unknown>> {
  const { pk: runId, dueAt: _dueAt, done, failed, skipped, ...others } = encodedFields.parse(item);
  const fields = fieldsOf(others);
  // If the queue is missing, it is the pipeline's own.
  return { ...defaults, queue: fields.pipeline, ...fields, runId, progress: { done, failed, skipped } };
}

const keyItem = z.object({ pk: runIdFromKey });

/** When a run's item is due, as the index's text; undefined for a run that is closed. */
const dueItem = z.object({ pk: runIdFromKey, dueAt: z.string().exactOptional() });

/** The key of a run, from an index that holds nothing else. @throws ZodError for anything else */
export const runKeyOf = (item: unknown): ItemKey => runKey(keyItem.parse(item).pk);
/**
 * The run in an item that DynamoDB returned.
 *
 * @throws NewerRecordError, ZodError for anything else
 */
export function runOf(item: unknown): Run {
  const fields = runFieldsOf(item);
  return recordOf(runRecord, fields, `run ${fields.runId}`);
}
/** The part of a run that lists show, from its item or an index. @throws ZodError for anything else */
export const runSummaryOf = (item: unknown): RunSummary => summaryOf(runFieldsOf(item));
/** Id and due time of a run, from its item or from the `due` index. @throws ZodError for anything else */
export function dueOf(item: unknown): { runId: string; dueAt?: string } {
  const { pk: runId, ...due } = dueItem.parse(item);
  return { runId, ...due };
}

/** Whether a field of a run has its default value and isn't stored. */
function isDefault(run: Run, name: string, value: unknown): boolean {
  const expected = name === "queue" ? run.pipeline : Reflect.get(defaults, name);
  return expected !== undefined && isDeepStrictEqual(value, expected);
}

/** The item of a new run. Its sets are added with the first step that ends. */
export function newRunItem(run: WaitingRun | RunningRun, dueAt: number) {
  const { runId, progress, ...fields } = run;
  const kept = Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !isDefault(run, name, value)),
  );
  return {
    ...runKey(runId),
    ...kept,
    params: JSON.stringify(run.params),
    ...(run.tags.length > 0 && { tags: new Set(run.tags) }),
    ...Object.fromEntries(Object.entries(progress).filter(([, numbers]) => numbers.size > 0)),
    gsi1pk: pipelinePartition(run.pipeline),
    gsi1sk: listingKey(run),
    gsi2pk: statePartition(run.state, runId),
    gsi2sk: listingKey(run),
    day: dayPartition(dayOf(run.startedAt)),
    duePartition: duePartition(runId),
    dueAt: dueTime(dueAt),
  };
}
