/** Any JSON value. Step inputs, outputs and parameters are JSON, so they can be stored and shown unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object. An undefined field counts as absent, as in JSON.stringify. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Whether a value is a JSON object: not null, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with sorted object keys. Equal values give equal text, so the text can be hashed. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, part: Json) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** A deep copy that shares nothing with the original, so it may be changed. */
export function copyJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value)) return value;
  // Assignment doesn't work here: a field may be named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, part === undefined ? part : copyJson(part)]),
  );
}

/** Freezes a value at every depth and returns it. */
export function freezeJson(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) if (part !== undefined) freezeJson(part);
  return Object.freeze(value);
}
