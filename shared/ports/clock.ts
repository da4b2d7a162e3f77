/** The time, and a way to wait for it: virtual in tests, so that hours pass at once. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** A signal that is aborted after so many milliseconds, and a way to stop waiting for it. */
  deadline(milliseconds: number): { signal: AbortSignal; clear(): void };
};

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  deadline(milliseconds) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), milliseconds);
    return { signal: controller.signal, clear: () => clearTimeout(timer) };
  },
};
