type Entry = {
  readonly at: number;
  readonly number: number;
  readonly act: () => Promise<void> | void;
  readonly about: string;
};

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.number < b.number);

/**
 * What is going to happen, soonest first. Entries for the same time keep the order in which they were added. A binary
 * heap.
 */
export class Agenda {
  private readonly heap: Entry[] = [];
  private entered = 0;

  get size(): number {
    return this.heap.length;
  }

  /** When the next thing happens. */
  get nextAt(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /**
   * @param at virtual time in epoch milliseconds
   */
  add(at: number, act: () => Promise<void> | void, about = ""): void {
    this.entered += 1;
    const entry: Entry = { at, number: this.entered, act, about };
    let place = this.heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.heap[above];
      if (parent === undefined || !isBefore(entry, parent)) break;
      this.heap[place] = parent;
      place = above;
    }
    this.heap[place] = entry;
  }

  /** All entries, in no set order. */
  entries(): readonly Pick<Entry, "at" | "about">[] {
    return this.heap;
  }

  /** Takes out the next entry. */
  take(): Entry | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (last !== undefined && last !== first) this.sink(last);
    return first;
  }

  private sink(entry: Entry): void {
    const { length } = this.heap;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      let child = this.heap[below];
      if (child === undefined) break;
      const other = below + 1 < length ? this.heap[below + 1] : undefined;
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (!isBefore(child, entry)) break;
      this.heap[place] = child;
      place = below;
    }
    this.heap[place] = entry;
  }
}
