import fc from "fast-check";
import { formAttributes, placeAttributes } from "../../shared/adapters/aws/dynamo-keys.ts";
import { modelVersion } from "../../shared/pipeline/model.ts";
import { aliasMove } from "../../shared/ports/model-registry.ts";
import { backfillRecord } from "../../shared/state/backfill.ts";
import { runKinds } from "../../shared/state/run.ts";
import { scheduleRecord } from "../../shared/state/schedule.ts";
import { stepKinds } from "../../shared/state/step-record.ts";

/** Names of the fields that records have, by the kind of record. */
export const knownFields: Readonly<Record<string, readonly string[]>> = {
  step: stepKinds.flatMap(({ shape }) => Object.keys(shape)),
  run: runKinds.flatMap(({ shape }) => Object.keys(shape)),
  backfill: Object.keys(backfillRecord.shape),
  schedule: Object.keys(scheduleRecord.shape),
  version: Object.keys(modelVersion.shape),
  move: Object.keys(aliasMove.shape),
};

const taken: ReadonlySet<string> = new Set([
  ...Object.values(knownFields).flat(),
  ...placeAttributes,
  ...formAttributes,
]);

// Numbers as DynamoDB stores them: 38 digits, and no negative zero.
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const fieldName = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,12}$/).filter((name) => !taken.has(name));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

/** Fields that a newer version might add, with any values and any names that no record has yet. */
export const addedFields = fc.dictionary(fieldName, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });

/** A record with added fields, both in the record and in each object within it. */
export function withFields<R extends object>(record: R, fields: object): R {
  const parts = Object.entries(record).map(([name, part]) => [name, partWith(name, part, fields)]);
  return { ...(Object.fromEntries(parts) as R), ...fields };
}

/** Values that aren't records, and objects whose keys aren't fields. */
const closed: ReadonlySet<string> = new Set([
  "params",
  "value",
  "metrics",
  "parameters",
  "tags",
  "signature",
]);
const byName: ReadonlySet<string> = new Set(["attachments"]);

function partWith(name: string, part: unknown, fields: object): unknown {
  if (closed.has(name) || typeof part !== "object" || part === null || part instanceof Set) return part;
  if (Array.isArray(part)) return part.map((each) => partWith("", each, fields));
  if (!byName.has(name)) return withFields(part, fields);
  return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, partWith("", each, fields)]));
}
