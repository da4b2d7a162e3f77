import type { CachedResult, ResultCache } from "../../shared/ports/result-cache.ts";

const source = { runId: "20211004T162100Z-cache0000000", step: "train_model", index: 3 };
/** Far in the future, because an expired result may disappear at any time. */
const expiresAt = Date.parse("2100-01-01T00:00:00.001Z");
const key = "ridge-sweep/train_model/0123456789abcdef";

/** What every cache of results does. `make` returns an empty one. */
export function resultCacheContract(make: () => Promise<ResultCache>): void {
  let cache: ResultCache;
  beforeEach(async () => {
    cache = await make();
  });

  test.each<[string, CachedResult]>([
    ["with a value", { output: { value: { r2: 0.1, empty: [], text: "", huge: 1e300 } }, source }],
    ["with null", { output: { value: null }, source }],
    ["with a large value", { output: { uri: "s3://data/runs/x.json" }, source }],
    ["that expires", { output: { value: 1 }, source, expiresAt }],
  ])("a result %s is read as it was put", async (_, result) => {
    await cache.put(key, result);
    expect(await cache.get([key])).toEqual(new Map([[key, result]]));
  });

  test("a missing result is undefined", async () => {
    expect(await cache.get([])).toEqual(new Map());
    expect(await cache.get([key])).toEqual(new Map());
  });

  test("a result replaces an earlier one completely", async () => {
    await cache.put(key, { output: { uri: "s3://data/runs/x.json" }, source, expiresAt });
    const second = { output: { value: 2 }, source: { ...source, index: 4 } };
    await cache.put(key, second);
    expect(await cache.get([key])).toEqual(new Map([[key, second]]));
  });

  test("many results are read at once, each once, without the missing ones", async () => {
    const keys = Array.from({ length: 230 }, (_, number) => `${key}/${number}`);
    const resultOf = (number: number): CachedResult => ({ output: { value: number }, source });
    await Promise.all(keys.map((each, number) => cache.put(each, resultOf(number))));
    const read = await cache.get([...keys, ...keys.slice(0, 5), "unknown"]);
    expect(read.size).toBe(230);
    expect(keys.map((each) => read.get(each))).toEqual(keys.map((_, number) => resultOf(number)));
  });

  test("changes to arguments or results don't change what is stored", async () => {
    const value = { alphas: [1] };
    await cache.put(key, { output: { value }, source });
    value.alphas.push(2);
    const read = (await cache.get([key])).get(key);
    if (read) Object.assign(read, { output: { value: "changed" } });
    expect((await cache.get([key])).get(key)?.output).toEqual({ value: { alphas: [1] } });
  });
}
