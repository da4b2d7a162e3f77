import type { CacheSource, StoredValue } from "../state/step-record.ts";

/** A step's result that later runs may use. Epoch milliseconds; without `expiresAt` it holds for ever. */
export type CachedResult = {
  readonly output: StoredValue;
  readonly source: CacheSource;
  readonly expiresAt?: number;
};

/** Results by a key of code version and input: see shared/state/cache-key.ts. */
export type ResultCache = {
  /** Results kept under these keys, by key. Those that have expired may still be there: the caller looks. */
  get(keys: readonly string[]): Promise<ReadonlyMap<string, CachedResult>>;
  /** Keeps a result, in place of an earlier one. */
  put(key: string, result: CachedResult): Promise<void>;
};
