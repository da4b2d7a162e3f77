import { createHash } from "node:crypto";
import { type ObjectStore, ObjectUriError } from "../../shared/ports/object-store.ts";

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

/** Keys that a careless store might decode, encode or cut. */
const keys = [
  "raw/plain.csv",
  "raw/two words.csv",
  "raw/a+b=c&d.csv",
  "raw/100%.csv",
  "raw/%2Fnot-a-slash%20.csv",
  "raw/#1?version=2.csv",
  "raw/größe/日本語/🌾.csv",
  "raw//two//slashes/",
  "raw/a'b\"c(d)[e]{f}~!@$,;:.csv",
  "raw/../dots/./here.csv",
];

/** What an object store promises. `create` returns a new, empty store. */
export function objectStoreContract(create: () => Promise<ObjectStore>): void {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await create();
  });

  test("an object is read as it was put", async () => {
    const uri = store.locate("a.bin");
    const body = Uint8Array.from({ length: 70_000 }, (_, place) => place % 256);
    await store.put(uri, body, "application/octet-stream");
    expect(Buffer.from((await store.get(uri)) ?? []).equals(body)).toBe(true);
    expect(await store.head(uri)).toMatchObject({ bytes: 70_000, mediaType: "application/octet-stream" });
  });

  test("text is stored as UTF-8, and may be empty", async () => {
    await store.put(store.locate("a.txt"), "grün", "text/plain");
    expect(text(await store.get(store.locate("a.txt")))).toBe("grün");
    expect((await store.head(store.locate("a.txt")))?.bytes).toBe(5);
    await store.put(store.locate("empty"), "", "text/plain");
    expect(text(await store.get(store.locate("empty")))).toBe("");
  });

  test.each(keys)("a key is used unchanged: %s", async (key) => {
    const uri = store.locate(key);
    expect(uri.endsWith(`/${key}`)).toBe(true);
    await store.put(uri, key, "text/plain");
    expect(text(await store.get(uri))).toBe(key);
    expect(await store.head(uri)).toMatchObject({ bytes: Buffer.byteLength(key) });
    expect(await store.putIfAbsent(uri, "other", "text/plain")).toBe(false);
    await store.delete(uri);
    expect(await store.get(uri)).toBeUndefined();
  });

  test("a listing has all keys that begin with a prefix, in order, over all pages", async () => {
    const count = 1003;
    const names = Array.from({ length: count }, (_, place) => `raw/many/${String(place).padStart(5, "0")}`);
    for (let place = 0; place < count; place += 100) {
      await Promise.all(
        names.slice(place, place + 100).map((key) => store.put(store.locate(key), "12345", "text/plain")),
      );
    }
    await store.put(store.locate("raw/manyfold"), "1", "text/plain");
    await store.put(store.locate("raw/many/00001"), "123456", "text/plain");
    const first = await store.list("raw/many/");
    expect(first.objects.map(({ key }) => key)).toEqual(names.slice(0, 1000));
    const second = await store.list("raw/many/", first.next);
    expect(second.objects.map(({ key }) => key)).toEqual(names.slice(1000));
    expect(second.next).toBeUndefined();
    expect(first.objects[1]).toMatchObject({ uri: store.locate("raw/many/00001"), bytes: 6 });
    expect(Number.isNaN(Date.parse(first.objects[1]?.at ?? ""))).toBe(false);
    expect(await store.list("raw/none/")).toEqual({ objects: [] });
  }, 60_000);

  test("a listing uses the prefix unchanged", async () => {
    for (const key of keys) await store.put(store.locate(key), key, "text/plain");
    const { objects } = await store.list("raw/");
    expect(objects.map(({ key }) => key).sort()).toEqual([...keys].sort());
  });

  test("keys that differ only in their encoding are different objects", async () => {
    for (const key of ["a b", "a+b", "a%20b"]) await store.put(store.locate(key), key, "text/plain");
    const read = await Promise.all(["a b", "a+b", "a%20b"].map((key) => store.get(store.locate(key))));
    expect(read.map(text)).toEqual(["a b", "a+b", "a%20b"]);
  });

  test("a missing object is undefined, and can be deleted", async () => {
    const uri = store.locate("missing");
    expect(await store.get(uri)).toBeUndefined();
    expect(await store.head(uri)).toBeUndefined();
    await store.delete(uri);
  });

  test("a second put replaces the object, with a new version", async () => {
    const uri = store.locate("a");
    const first = await store.put(uri, "1", "text/plain");
    const second = await store.put(uri, "2", "text/markdown");
    expect(second.versionId).toBeDefined();
    expect(second.versionId).not.toBe(first.versionId);
    expect(await store.head(uri)).toEqual({
      bytes: 1,
      mediaType: "text/markdown",
      versionId: second.versionId,
    });
  });

  test("a put that requires a missing object replaces nothing", async () => {
    const uri = store.locate("claim");
    expect(await store.putIfAbsent(uri, "mine", "text/plain")).toBe(true);
    expect(await store.putIfAbsent(uri, "mine", "text/plain")).toBe(false);
    expect(text(await store.get(uri))).toBe("mine");
    await store.delete(uri);
    expect(await store.putIfAbsent(uri, "next", "text/plain")).toBe(true);
  });

  test("exactly one of concurrent puts that require a missing object wins, and its content stays", async () => {
    const uri = store.locate("race");
    const racers = Array.from({ length: 20 }, (_, racer) => String(racer));
    const won = await Promise.all(racers.map((racer) => store.putIfAbsent(uri, racer, "text/plain")));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(text(await store.get(uri))).toBe(String(won.indexOf(true)));
  });

  const sha256 = (body: string) => createHash("sha256").update(body).digest("hex");

  test.each(keys)("a copy has the content, media type and checksum of its source: %s", async (key) => {
    const from = store.locate(key);
    const to = store.locate(`models/${key}`);
    await store.put(from, key, "text/markdown");
    const copy = await store.copy({ uri: from }, to);
    expect(copy).toEqual({ versionId: expect.any(String), sha256: sha256(key) });
    expect(text(await store.get(to))).toBe(key);
    expect(await store.head(to)).toEqual({
      bytes: Buffer.byteLength(key),
      mediaType: "text/markdown",
      versionId: copy?.versionId,
    });
  });

  test("the named version is copied, even if there is a newer one or the object was deleted", async () => {
    const uri = store.locate("a");
    const { versionId } = await store.put(uri, "first", "text/plain");
    await store.put(uri, "second", "text/plain");
    expect(await store.copy({ uri, versionId }, store.locate("b"))).toMatchObject({
      sha256: sha256("first"),
    });
    await store.delete(uri);
    expect(await store.copy({ uri, versionId }, store.locate("c"))).toMatchObject({
      sha256: sha256("first"),
    });
    expect(text(await store.get(store.locate("c")))).toBe("first");
  });

  test("a missing object or version is not copied", async () => {
    const uri = store.locate("a");
    expect(await store.copy({ uri }, store.locate("b"))).toBeUndefined();
    const { versionId = "" } = await store.put(store.locate("other"), "x", "text/plain");
    await store.put(uri, "x", "text/plain");
    expect(await store.copy({ uri, versionId }, store.locate("b"))).toBeUndefined();
    expect(await store.head(store.locate("b"))).toBeUndefined();
  });

  test("a text that is no location is refused", async () => {
    await expect(store.copy({ uri: "data/a" }, store.locate("b"))).rejects.toThrow(ObjectUriError);
    await expect(store.copy({ uri: store.locate("a") }, "data/b")).rejects.toThrow(ObjectUriError);
    await expect(store.put("data/a", "", "text/plain")).rejects.toThrow(ObjectUriError);
    await expect(store.putIfAbsent("data/a", "", "text/plain")).rejects.toThrow(ObjectUriError);
    await expect(store.get("https://data/a")).rejects.toThrow(ObjectUriError);
    await expect(store.head("s3://data")).rejects.toThrow(ObjectUriError);
    await expect(store.delete("s3://data/")).rejects.toThrow(ObjectUriError);
  });
}
