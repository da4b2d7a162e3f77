import { sharedRead } from "./shared-read.ts";

/** A shared read, and the keys that were read. */
function counted() {
  const keys: string[] = [];
  const read = sharedRead(async (key) => {
    keys.push(key);
    return `${key} ${keys.length}`;
  });
  return { keys, read };
}

describe("a shared read", () => {
  it("answers concurrent requests with one read per key", async () => {
    const { keys, read } = counted();
    expect(await Promise.all([read("a"), read("b"), read("a")])).toEqual(["a 1", "b 2", "a 1"]);
    expect(keys).toEqual(["a", "b"]);
  });

  it("also serves requests that come a few promise ticks later", async () => {
    const { keys, read } = counted();
    const late = async () => {
      for (let step = 0; step < 5; step += 1) await undefined;
      return read("a");
    };
    expect(await Promise.all([read("a"), late()])).toEqual(["a 1", "a 1"]);
    expect(keys).toEqual(["a"]);
  });

  it("doesn't serve requests that come after the read has begun", async () => {
    const begun: (() => void)[] = [];
    const read = sharedRead(
      (key: string) => new Promise<string>((resolve) => begun.push(() => resolve(key))),
    );
    const first = read("a");
    await new Promise((resolve) => setImmediate(resolve));
    const second = read("a");
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toHaveLength(2);
    for (const end of begun) end();
    expect(await Promise.all([first, second])).toEqual(["a", "a"]);
  });

  it("that fails is an error for all who share it, but not for the next read", async () => {
    let fails = true;
    const read = sharedRead(async (key: string) => {
      if (fails) throw new Error("throttled");
      return key;
    });
    const both = await Promise.allSettled([read("a"), read("a")]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    fails = false;
    expect(await read("a")).toBe("a");
  });
});
