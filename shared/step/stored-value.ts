import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import { rememberedJson } from "../objects/remembered-json.ts";
import type { Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";
import type { StepRecord, StoredValue } from "../state/step-record.ts";

/** Bytes of JSON up to which a result stays in the table; larger ones go to S3. */
export const inlineLimit = 4096;

/** A stored result is not where it should be. */
export class ValueMissingError extends Error {
  override readonly name = "ValueMissingError";
}

/** Keeps a result: in place when small, else in S3 under the attempt's prefix. */
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
 * Reads a result. One from S3 is shared with everyone who reads it in this worker, and frozen: results never change.
 *
 * @throws ValueMissingError when the object is gone
 */
export async function loadValue({ objects }: Pick<Engine, "objects">, stored: StoredValue): Promise<Json> {
  if ("value" in stored) return stored.value;
  const value = await rememberedJson(objects, stored.uri);
  if (value !== undefined) return value;
  throw new ValueMissingError(`${stored.uri} is gone; it held a step's result. Run the pipeline anew`);
}
