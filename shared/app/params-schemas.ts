import * as z from "zod";
import { isJsonObject, type JsonObject } from "../pipeline/json.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";

/**
 * The parameters of a pipeline as JSON Schema; an empty one if JSON Schema can't express them. Packaging replaces this
 * module with one that reads what packaging has stored, because the functions have no generator of JSON Schemas:
 * resources/left-out.cjs.
 */
export function paramsSchemaOf({ params }: Pick<Pipeline, "name" | "params">): JsonObject {
  try {
    const schema: unknown = JSON.parse(
      JSON.stringify(z.toJSONSchema(params, { io: "input", unrepresentable: "any" })),
    );
    return isJsonObject(schema) ? schema : {};
  } catch {
    return {};
  }
}
