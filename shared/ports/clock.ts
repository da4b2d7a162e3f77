import { setTimeout as passed } from "node:timers/promises";

/** The time, and a way to wait. In tests it is virtual, so hours pass at once. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** A signal that is aborted after this many milliseconds, and a way to cancel it. */
  deadline(milliseconds: number): { signal: AbortSignal; clear(): void };
  /** Resolves after this many milliseconds. */
  pause(milliseconds: number): Promise<void>;
};

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  deadline(milliseconds) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), milliseconds);
    return { signal: controller.signal, clear: () => clearTimeout(timer) };
  },
  pause: (milliseconds) => passed(milliseconds),
};
