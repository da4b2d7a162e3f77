import type { RunStore } from "../../shared/ports/run-store.ts";

const reads = [
  ...(["getRun", "getGraph", "getSteps", "listSteps", "listTallies"] as const),
  ...(["getTally", "getStep", "listRuns", "getSlots"] as const),
];
type Read = (typeof reads)[number];

/** A store that counts its reads, and the keys that batch reads ask for. */
export function countingReads(store: RunStore) {
  const counts: Partial<Record<Read, number>> = {};
  let keys = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const read = reads.find((each) => each === name);
      return (...args: unknown[]) => {
        if (read !== undefined) counts[read] = (counts[read] ?? 0) + 1;
        if (read === "getSteps" && Array.isArray(args[0])) keys += args[0].length;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: counted, counts, keys: () => keys };
}
