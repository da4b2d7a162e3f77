import { mapConcurrently } from "./map-concurrently.ts";

describe("mapping a list concurrently", () => {
  it("limits the concurrency, and returns results in the list's order", async () => {
    let underWay = 0;
    let maxActive = 0;
    const results = await mapConcurrently(
      [5, 1, 4, 2, 3],
      async (n) => {
        underWay += 1;
        maxActive = Math.max(maxActive, underWay);
        for (let turn = 0; turn < n; turn += 1) await Promise.resolve();
        underWay -= 1;
        return n * 10;
      },
      2,
    );
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(maxActive).toBe(2);
  });

  it("waits for the active items after a failure, and starts no more", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const working = mapConcurrently(
      [1, 2, 3, 4],
      async (n) => {
        begun.push(n);
        if (n === 1) throw new Error("one is bad");
        await new Promise((resolve) => setImmediate(resolve));
        ended.push(n);
      },
      2,
    );
    await expect(working).rejects.toThrow("one is bad");
    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});
