function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  // Sets hold numbers and texts only.
  if (value instanceof Set) return new Set(value);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    // Not by assignment: a field may be named __proto__.
    if (key === "__proto__")
      Object.defineProperty(copy, key, { value: copied(Reflect.get(value, key)), enumerable: true });
    else copy[key] = copied(Reflect.get(value, key));
  }
  return copy;
}

/**
 * A copy of stored state (plain objects, lists, sets of numbers or texts) that shares nothing with the original. Several
 * times as fast as structuredClone, which also knows everything that state never is.
 */
export function copyState<T>(value: T): T {
  return copied(value) as T;
}
