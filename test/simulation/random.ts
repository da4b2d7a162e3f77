/**
 * A number for a text and a seed: FNV-1a (Fowler, Noll, Vo), then the finalizer of MurmurHash3, so that similar texts
 * give unrelated numbers. 32 bits.
 */
export function hashOf(seed: number, text: string): number {
  let hash = (2166136261 ^ seed) >>> 0;
  for (let place = 0; place < text.length; place += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Draws that follow only from a seed (mulberry32, Tommy Ettinger, 2017). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `least` to `most`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One element of a list that isn't empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    return list[Math.floor(this.next() * list.length)] as T;
  }

  /** Up to `most` elements of a list, in its order. */
  some<T>(list: readonly T[], max: number): T[] {
    const wanted = Math.min(list.length, this.between(0, max));
    const left = new Set(list.keys());
    while (left.size > wanted) left.delete(this.pick([...left]));
    return [...left].flatMap((place) => list[place] ?? []);
  }
}
