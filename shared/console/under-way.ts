import type { FoundStep } from "../state/step-record.ts";
import { hasEnded } from "../state/step-record.ts";

/** How many children of a map are under way from a time on, in epoch milliseconds. */
export type Level = { readonly at: number; readonly count: number };

/**
 * How many children of a map were under way at each time, oldest first. A child counts from the start of its last
 * attempt to its end.
 *
 * @param now epoch milliseconds, until which those without an end count
 */
export function underWay(children: readonly FoundStep[], now: number): Level[] {
  const changes = new Map<number, number>();
  const change = (at: number, by: number) => changes.set(at, (changes.get(at) ?? 0) + by);
  for (const child of children) {
    change(Date.parse(child.startedAt), 1);
    change(hasEnded(child) ? Date.parse(child.endedAt) : now, -1);
  }
  let count = 0;
  return [...changes]
    .toSorted(([a], [b]) => a - b)
    .map(([at, by]) => {
      count += by;
      return { at, count };
    });
}
