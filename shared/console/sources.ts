import type { JsonObject } from "../pipeline/json.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Engine } from "../ports/engine.ts";
import type { LogReader } from "../ports/log-reader.ts";
import { inSectionTime } from "./reading-time.ts";

/** What pages read from. They write nothing. */
export type Sources = {
  readonly engine: Engine;
  readonly logs: LogReader;
  /** The parameters of a pipeline as JSON Schema; an empty one if it can't express them. */
  readonly paramsSchemaOf: (pipeline: Pipeline) => JsonObject;
};

/** A part of a page that could be read, or why not. The rest of the page is shown either way. */
export type Section<T> =
  | { readonly read: true; readonly value: T }
  | { readonly read: false; readonly error: unknown };

/** Reads a part of a page that others can do without, as long as there is time. */
export async function section<T>(reading: Promise<T>): Promise<Section<T>> {
  try {
    return { read: true, value: await inSectionTime(reading) };
  } catch (error) {
    return { read: false, error };
  }
}
