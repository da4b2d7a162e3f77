import { type Artifact, artifact } from "../pipeline/job.ts";
import type { Json } from "../pipeline/json.ts";

/** A single value within a larger one. An artifact counts as one value. */
export type FlatValue = string | number | boolean | null | Artifact;

/** How many values inside one value are looked at. */
export const maxValues = 1000;

function add(value: Json, path: string, into: Map<string, FlatValue>): void {
  if (into.size >= maxValues) return;
  const object = artifact.safeParse(value);
  if (object.success) {
    into.set(path, object.data);
    return;
  }
  if (typeof value !== "object" || value === null) {
    into.set(path, value);
    return;
  }
  const entries = Object.entries<Json | undefined>(value);
  if (entries.length === 0) into.set(path, Array.isArray(value) ? "[]" : "{}");
  for (const [name, part = null] of entries) add(part, path === "" ? name : `${path}.${name}`, into);
}

/** The single values of a value, by path: `metrics.r2`. A value that is single itself has the path "". */
export function flatValues(value: Json): Map<string, FlatValue> {
  const values = new Map<string, FlatValue>();
  add(value, "", values);
  return values;
}

/** A single value as text. An artifact is known by its content, and not by where it is. */
export function flatText(value: FlatValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  return `object with SHA-256 ${value.sha256.slice(0, 12)}`;
}
