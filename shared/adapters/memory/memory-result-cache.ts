import type { CachedResult, ResultCache } from "../../ports/result-cache.ts";

/** Cached results within the process. */
export class MemoryResultCache implements ResultCache {
  private readonly results = new Map<string, CachedResult>();

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, CachedResult>> {
    const found = keys.flatMap((key) => {
      const result = this.results.get(key);
      return result === undefined ? [] : [[key, structuredClone(result)] as const];
    });
    return new Map(found);
  }

  async put(key: string, result: CachedResult): Promise<void> {
    this.results.set(key, structuredClone(result));
  }
}
