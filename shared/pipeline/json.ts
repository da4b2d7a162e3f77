/** Any JSON value. Step inputs, outputs and parameters are JSON, so that they can be stored and shown as they are. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object. A field that is undefined is one that is absent, as JSON.stringify has it. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Whether a value is a JSON object: not null, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with the keys of every object in order: equal values give equal text, so it can be hashed. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, part: Json) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** A copy that shares no list and no object with the original, and may be changed. */
export function copyJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value)) return value;
  // Not by assignment: a field may be named __proto__.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, part === undefined ? part : copyJson(part)]),
  );
}

/** The value itself, which nobody can change any more, at any depth. */
export function freezeJson(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) if (part !== undefined) freezeJson(part);
  return Object.freeze(value);
}
