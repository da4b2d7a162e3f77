import type { CacheSource, StoredValue } from "../state/step-record.ts";

/** A step's result that later runs may use. Epoch milliseconds; without `expiresAt` it never expires. */
export type CachedResult = {
  readonly output: StoredValue;
  readonly source: CacheSource;
  readonly expiresAt?: number;
};

/** Results by a key of code version and input: see shared/state/cache-key.ts. */
export type ResultCache = {
  /** The results stored under these keys, by key. Expired ones may still be there: the caller checks. */
  get(keys: readonly string[]): Promise<ReadonlyMap<string, CachedResult>>;
  /** Stores a result and replaces an earlier one. */
  put(key: string, result: CachedResult): Promise<void>;
};
