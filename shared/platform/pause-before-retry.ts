import { setTimeout as wait } from "node:timers/promises";

/** How often to try, and the maximum delay in milliseconds before the second and before the last try. */
export type Backoff = { readonly tries: number; readonly first: number; readonly max: number };

/**
 * Waits before another try: full jitter, uniform from 0 to a bound that doubles with each try (Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @param tried number of tries so far, from 1
 */
export async function pauseBeforeRetry({ first, max }: Backoff, tried: number): Promise<void> {
  await wait(Math.random() * Math.min(max, first * 2 ** (tried - 1)));
}
