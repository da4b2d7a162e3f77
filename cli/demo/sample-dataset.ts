/**
 * The dataset's parameters: y = slope · x + intercept + noise, for x from 0 to 2. The regularisation matters because
 * there is so little data on such a short range.
 */
export const truth = { slope: 3.2, intercept: -4.5, noise: 0.9 } as const;

const rows = 100;
const seed = 20211057;

/** Uniform numbers in [0, 1), the same each time (mulberry32, Tommy Ettinger, 2017; public domain). */
function uniform(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed numbers with mean 0 and variance 1 (Box and Muller, 1958). */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/**
 * A CSV of x and y: a hundred noisy points on a line. The text is the same each time, so that figures can be compared.
 */
export function sampleDataset(): string {
  const next = uniform(seed);
  const lines = Array.from({ length: rows }, () => {
    const x = next() * 2;
    const y = truth.slope * x + truth.intercept + truth.noise * normal(next);
    return `${x.toFixed(6)},${y.toFixed(6)}`;
  });
  return `x,y\n${lines.join("\n")}\n`;
}
