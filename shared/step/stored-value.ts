import type { Engine } from "../engine.ts";
import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import type { Json } from "../pipeline/json.ts";
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

/** @throws ValueMissingError when the object is gone */
export async function loadValue(engine: Engine, stored: StoredValue): Promise<Json> {
  if ("value" in stored) return stored.value;
  const bytes = await engine.objects.get(stored.uri);
  if (bytes === undefined) {
    throw new ValueMissingError(`${stored.uri} is gone; it held a step's result. Run the pipeline anew`);
  }
  return JSON.parse(new TextDecoder().decode(bytes)) as Json;
}
