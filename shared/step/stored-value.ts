import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import { rememberedJson } from "../objects/remembered-json.ts";
import type { Json } from "../pipeline/json.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import type { StepRecord, StoredValue } from "../state/step-record.ts";

/** Maximum size of a result in the table, in bytes of JSON; larger ones go to S3. */
export const inlineLimit = 4096;

/** A stored result isn't where it should be. */
export class ValueMissingError extends errorOf("VALUE_MISSING") {}

/** Stores a result: in the record if it's small, otherwise in S3 under the attempt's prefix. */
export async function storeValue(
  engine: Engine,
  run: Run,
  record: StepRecord,
  value: Json,
): Promise<StoredValue> {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= inlineLimit) return { value };
  const uri = engine.objects.locate(`${attemptPrefix(run, record)}${attemptFiles.output}`);
  await engine.objects.put(uri, text, "application/json");
  return { uri };
}

/**
 * Reads a result. A result from S3 is shared by all its readers in this worker, and frozen, because results never
 * change.
 *
 * @throws ValueMissingError if the object is gone
 */
export async function loadValue({ objects }: Pick<Engine, "objects">, stored: StoredValue): Promise<Json> {
  if ("value" in stored) return stored.value;
  const value = await rememberedJson(objects, stored.uri);
  if (value !== undefined) return value;
  throw new ValueMissingError(`${stored.uri}, which held a step's result, no longer exists`);
}
