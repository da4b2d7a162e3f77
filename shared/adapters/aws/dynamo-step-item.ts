import * as z from "zod";
import type { FoundRecord, Version } from "../../ports/run-store.ts";
import { readOutline, readStep } from "../../state/read-step.ts";
import {
  largeFields,
  outlinedErrorFields,
  outlineKinds,
  type StepOutline,
  type StepRecord,
  type StoredValue,
} from "../../state/step-record.ts";
import { isListed } from "../../state/waiting-approval.ts";
import { approvalsPartition, dueTime, fieldsOf, runIdFromKey, stepFromKey, stepKey } from "./dynamo-keys.ts";
import type { Query } from "./dynamo-query.ts";
import { jsonText } from "./dynamo-run-item.ts";

// A record's fields are attributes with the same names. Only its key and its result are stored in another form.

const marked = z.looseObject({ version: z.string() });
const placed = z.looseObject({ pk: runIdFromKey, sk: stepFromKey });
const ended = z.looseObject({ state: z.enum(["SUCCEEDED", "CACHED"]) });
const kept = z.union([z.object({ value: jsonText }), z.object({ uri: z.string() })]);

/** A result, from the attributes that store it. @throws ZodError for anything else */
export function outputOf(item: object): StoredValue {
  const more = "output" in item ? z.looseObject({}).parse(item.output) : {};
  return { ...more, ...kept.parse(item) };
}

/**
 * The attributes that store a result: JSON as text, see {@link jsonText}. Other fields of a result are separate
 * attributes.
 */
export function outputAttributes(output: StoredValue) {
  const { value: _value, uri: _uri, ...more } = { value: undefined, uri: undefined, ...output };
  const result = "uri" in output ? { uri: output.uri } : { value: JSON.stringify(output.value) };
  return Object.keys(more).length === 0 ? result : { ...result, output: more };
}

/**
 * Whether a record has a result. The attributes' names alone don't show it: other records use them for other things.
 */
const hasOutput = (item: object) => ended.safeParse(item).success;

/** The record in an item that DynamoDB returned. @throws ZodError for anything else */
export function storedStepOf(item: unknown): FoundRecord {
  const { pk: runId, sk: place } = placed.parse(item);
  const { version, dueAt: _dueAt, ...fields } = { dueAt: undefined, ...marked.parse(fieldsOf(item)) };
  if (!hasOutput(fields)) return { ...readStep({ ...fields, runId, ...place }), version };
  const { value: _value, uri: _uri, ...others } = { value: undefined, uri: undefined, ...fields };
  return { ...readStep({ ...others, runId, ...place, output: outputOf(fields) }), version };
}

/** The attributes of an outline. An error is read without its stack, and a result isn't read at all. */
const outlineNames = [...new Set(outlineKinds.flatMap((kind) => Object.keys(kind.shape)))].filter(
  (name) =>
    !["runId", "step", "index", "error"].includes(name) && !largeFields.some((large) => large === name),
);

/** The part of a query that gets outlines. Read units are the same, but an answer has a tenth of the bytes. */
export const outlined: Pick<Query, "ProjectionExpression" | "ExpressionAttributeNames"> = {
  ProjectionExpression: [
    ...["pk", "sk"],
    ...outlineNames.map((name) => `#${name}`),
    ...outlinedErrorFields.map((name) => `#error.#${name}`),
  ].join(", "),
  ExpressionAttributeNames: Object.fromEntries(
    [...new Set([...outlineNames, ...outlinedErrorFields, "error"])].map((name) => [`#${name}`, name]),
  ),
};

/** The outline in an item of a query for outlines. @throws ZodError for anything else */
export function outlineOf(item: unknown): StepOutline {
  const { pk: runId, sk: place } = placed.parse(item);
  const fields = fieldsOf(item);
  if (!hasOutput(fields)) return readOutline({ ...fields, runId, ...place });
  // Where a result is in S3 shares an attribute with the object that a step waits for.
  const { uri: _uri, ...others } = { uri: undefined, ...fields };
  return readOutline({ ...others, runId, ...place });
}

/** Only the version of a record's item. @throws ZodError for anything else */
export const versionOf = (item: unknown): Version => marked.parse(item).version;

/**
 * The attributes that place a record in an index. Only an approval that waits for a person has any. Each write replaces
 * the whole item, so the index follows the record, whatever dies.
 */
function placeInIndex(record: StepRecord) {
  return isListed(record) ? { duePartition: approvalsPartition, dueAt: dueTime(record.deadlineAt) } : {};
}

/** The item of a step record. */
export function stepItemOf(record: StepRecord, version: Version) {
  const { runId, step, index, ...rest } = record;
  const key = { ...stepKey({ runId, step, index }), ...placeInIndex(record) };
  if (!("output" in rest)) return { ...rest, ...key, version };
  const { output, ...succeededFields } = rest;
  return { ...succeededFields, ...outputAttributes(output), ...key, version };
}
