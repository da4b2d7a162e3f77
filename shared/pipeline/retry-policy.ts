import * as z from "zod";
import { unknownKeys } from "./known-options.ts";

/** Maximum number of seconds that a step may wait for its next attempt. */
export const maxDelay = 7 * 24 * 3600;

const seconds = z.number().nonnegative().max(maxDelay);

const fields = {
  limit: z.int().min(0).max(100),
  delay: z
    .union([
      seconds,
      z.array(seconds).min(1),
      z.strictObject({ base: seconds, factor: z.number().min(1).default(2), max: seconds.default(900) }),
    ])
    .default({ base: 2, factor: 2, max: 900 }),
  /** Names of the errors that are retried; every error if omitted. */
  on: z.array(z.string().min(1)).min(1).optional(),
};

/**
 * How a failed step is retried. `delay`, in seconds, is one delay for every retry, a list (the last one repeats), or
 * exponential: `base * factor^(retry - 1)`, at most `max`, drawn with full jitter (uniform from 0 to the bound:
 * Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). `on` names the errors that are retried.
 * Attempts that are lost to the infrastructure don't count here: see shared/state/failure.ts.
 */
export const retryPolicy = z.strictObject(fields, { error: unknownKeys(fields) });
export type RetryPolicy = z.infer<typeof retryPolicy>;

/**
 * The delay before a retry, in milliseconds.
 *
 * @param retry 1 for the first retry
 * @param random uniform in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, retry: number, random: number): number {
  const { delay } = policy;
  if (typeof delay === "number") return delay * 1000;
  if (Array.isArray(delay)) return (delay[Math.min(retry, delay.length) - 1] ?? 0) * 1000;
  return Math.round(Math.min(delay.max, delay.base * delay.factor ** (retry - 1)) * 1000 * random);
}
