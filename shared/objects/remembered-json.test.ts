import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { rememberedBytes, rememberedJson } from "./remembered-json.ts";

/** A store that counts its reads. */
function countedStore() {
  const inner = new MemoryObjectStore();
  const reads: string[] = [];
  const store: ObjectStore = {
    locate: (key) => inner.locate(key),
    put: (uri, body, mediaType) => inner.put(uri, body, mediaType),
    putIfAbsent: (uri, body, mediaType) => inner.putIfAbsent(uri, body, mediaType),
    list: (prefix, next) => inner.list(prefix, next),
    head: (uri) => inner.head(uri),
    copy: (from, to) => inner.copy(from, to),
    delete: (uri) => inner.delete(uri),
    get(uri) {
      reads.push(uri);
      return inner.get(uri);
    },
  };
  const put = async (name: string, value: unknown) => {
    const uri = inner.locate(name);
    await inner.put(uri, JSON.stringify(value), "application/json");
    return uri;
  };
  return { store, reads, put };
}

/** JSON of slightly more than this many bytes. */
const large = (bytes: number) => ["x".repeat(bytes)];

describe("remembered JSON", () => {
  it("is read once, even by concurrent readers", async () => {
    const { store, reads, put } = countedStore();
    const uri = await put("list", [{ place: 1 }]);
    const both = await Promise.all([rememberedJson(store, uri), rememberedJson(store, uri)]);
    expect([...both, await rememberedJson(store, uri)]).toEqual(Array(3).fill([{ place: 1 }]));
    expect(reads).toEqual([uri]);
  });

  it("cannot be changed at any depth", async () => {
    const { store, put } = countedStore();
    const uri = await put("list", [{ deep: { list: [1] } }]);
    const value = (await rememberedJson(store, uri)) as [{ deep: { list: number[] } }];
    expect(() => value[0].deep.list.push(2)).toThrow(TypeError);
    expect(await rememberedJson(store, uri)).toEqual([{ deep: { list: [1] } }]);
  });

  it("of one store isn't returned for another", async () => {
    const [one, other] = [countedStore(), countedStore()];
    const uri = await one.put("result", 1);
    await other.put("result", 2);
    expect(await rememberedJson(one.store, uri)).toBe(1);
    expect(await rememberedJson(other.store, uri)).toBe(2);
  });

  it("is read again if it was missing, or could not be read", async () => {
    const { store, reads, put } = countedStore();
    const uri = store.locate("late");
    expect(await rememberedJson(store, uri)).toBeUndefined();
    await store.put(uri, "no JSON", "application/json");
    await expect(rememberedJson(store, uri)).rejects.toThrow(SyntaxError);
    await put("late", "here");
    expect(await rememberedJson(store, uri)).toBe("here");
    expect(reads).toHaveLength(3);
  });

  it("is evicted, least recently used first, to limit memory", async () => {
    const { store, reads, put } = countedStore();
    const part = Math.floor(rememberedBytes / 3) - 10;
    const [a, b, c, d] = await Promise.all(["a", "b", "c", "d"].map((name) => put(name, large(part))));
    for (const uri of [a, b, c, a, d]) await rememberedJson(store, String(uri));
    reads.length = 0;
    for (const uri of [a, c, d, b]) await rememberedJson(store, String(uri));
    expect(reads).toEqual([b]);
  });

  it("that alone exceeds the limit evicts nothing else", async () => {
    const { store, reads, put } = countedStore();
    const small = await put("small", 1);
    const huge = await put("huge", large(rememberedBytes));
    for (const uri of [small, huge, huge, small]) await rememberedJson(store, uri);
    expect(reads).toEqual([small, huge, huge]);
  });
});
