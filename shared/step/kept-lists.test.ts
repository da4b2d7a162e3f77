import { aRun } from "../../test/factories.ts";
import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import type { Json } from "../pipeline/json.ts";
import { keepItems, keepResults, keptItem, keptResults } from "./kept-lists.ts";

const run = aRun();

/** An item of about this many bytes. */
const sized = (place: number, bytes: number) => ({ place, text: "x".repeat(bytes) });

/** Keeps a list, and counts what a worker reads that gets one item. */
async function kept(items: readonly Json[]) {
  const objects = new MemoryObjectStore();
  await keepItems({ objects }, run, "each", items);
  const read = async (index: number) => {
    const bodies: number[] = [];
    const worker = Object.assign(Object.create(objects), {
      async get(uri: string) {
        const body = await objects.get(uri);
        bodies.push(body?.byteLength ?? 0);
        return body;
      },
    });
    return { found: await keptItem({ objects: worker }, run, "each", index), bodies };
  };
  return { objects, read };
}

describe("the items that a map keeps for its children", () => {
  it.each([1, 199, 200, 201, 450])("are found by their index in a list of %d", async (size) => {
    const { read } = await kept(Array.from({ length: size }, (_, place) => ({ place })));
    for (let index = 0; index < size; index += 1) {
      expect((await read(index)).found).toEqual({ item: { place: index } });
    }
  });

  it("may be null", async () => {
    expect((await (await kept([null])).read(0)).found).toEqual({ item: null });
  });

  it("are kept in parts, so that a child reads few bytes beside its own item", async () => {
    const bytes = 100_000;
    const items = Array.from({ length: 30 }, (_, place) => sized(place, place === 7 ? 9 * bytes : bytes));
    const { read } = await kept(items);
    for (const [index, item] of items.entries()) {
      const { found, bodies } = await read(index);
      expect(found).toEqual({ item });
      expect(bodies).toHaveLength(2);
      expect(Math.max(...bodies)).toBeLessThan(index === 7 ? 10 * bytes : 3 * bytes);
    }
  });

  it("are those of the run's epoch", async () => {
    const { objects } = await kept([1]);
    expect(await keptItem({ objects }, { ...run, epoch: 2 }, "each", 0)).toBeUndefined();
  });

  it("are unknown if none were kept, or if a part has expired", async () => {
    const { objects, read } = await kept([1, 2]);
    expect(await keptItem({ objects }, run, "other", 0)).toBeUndefined();
    const [part] = (await objects.list("runs/")).objects.filter(({ key }) => key.endsWith("/0.json"));
    await objects.delete(part?.uri ?? "");
    expect((await read(1)).found).toBeUndefined();
  });
});

describe("the results that a map keeps for others' children", () => {
  it("are the same list in all epochs", async () => {
    const objects = new MemoryObjectStore();
    expect(await keptResults({ objects }, run, "each")).toBeUndefined();
    await keepResults({ objects }, run, "each", [1, [2], null]);
    expect(await keptResults({ objects }, { ...run, epoch: 2 }, "each")).toEqual([1, [2], null]);
  });
});
