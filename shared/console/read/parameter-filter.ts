import { isJsonObject, type Json } from "../../pipeline/json.ts";

/** Whether a value is meant by a text: as it is, as JSON, or as a number that is written otherwise. */
function isMeant(value: Json, text: string): boolean {
  if (Array.isArray(value))
    return JSON.stringify(value) === text || value.some((item) => isMeant(item, text));
  if (typeof value === "number") return text.trim() !== "" && Number(text) === value;
  return value === text || JSON.stringify(value) === text;
}

/** The value at the end of a path; undefined if there is none. */
function valueAt(value: Json, [name, ...rest]: readonly string[]): Json | undefined {
  if (name === undefined) return value;
  const next = Array.isArray(value)
    ? value[/^\d+$/.test(name) ? Number(name) : -1]
    : isJsonObject(value) && Object.hasOwn(value, name)
      ? value[name]
      : undefined;
  return next === undefined ? undefined : valueAt(next, rest);
}

/**
 * Whether a run's parameters match `PATH=VALUE`. A path names fields and places of lists with dots: `model.alpha`,
 * `alphas.0`. A list matches if it has the value.
 */
export function matchesParameter(params: Json, filter: string): boolean {
  const end = filter.indexOf("=");
  const value = valueAt(params, filter.slice(0, end).trim().split("."));
  return value !== undefined && isMeant(value, filter.slice(end + 1).trim());
}
