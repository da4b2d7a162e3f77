/** Indices that follow one another: from the first to the last. */
export type IndexRange = { readonly from: number; readonly to: number };

/** The ranges of some indices, which must be in order. */
export function rangesOf(indices: Iterable<number>): IndexRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const index of indices) {
    const last = ranges.at(-1);
    if (last !== undefined && index === last.to + 1) last.to = index;
    else ranges.push({ from: index, to: index });
  }
  return ranges;
}

/** Ranges in words: `3, 7–9`. */
export function rangesText(ranges: readonly IndexRange[], most: number): string {
  const shown = ranges.slice(0, most).map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`));
  return [...shown, ...(ranges.length > most ? ["…"] : [])].join(", ");
}
