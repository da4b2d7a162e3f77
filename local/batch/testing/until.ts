import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `read` returns a value that isn't undefined or false, and returns it.
 * @throws after `timeoutMs`, saying what it waited for
 */
export async function until<T>(
  what: string,
  read: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await delay(5);
  }
}
