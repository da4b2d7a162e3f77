// Looked up once: in tests, the lookup of a global takes longer than the copy of a field.
const { isArray } = Array;
const { defineProperty, keys } = Object;
const PlainSet = Set;

function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map(copied);
  // Sets hold only numbers and texts.
  if (value instanceof PlainSet) return new PlainSet(value);
  const fields = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const key of keys(fields)) {
    // Not by assignment: a field may be named __proto__.
    if (key === "__proto__") defineProperty(copy, key, { value: copied(fields[key]), enumerable: true });
    else copy[key] = copied(fields[key]);
  }
  return copy;
}

/**
 * A copy of stored state (plain objects, lists, sets of numbers or texts) that shares nothing with the original. It is
 * several times as fast as structuredClone, which also handles types that state never contains.
 */
export function copyState<T>(value: T): T {
  return copied(value) as T;
}
