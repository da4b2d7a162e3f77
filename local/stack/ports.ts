import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const RELEASE_MS = 2000;

/** Whether nothing listens on this loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * Whether a port is free, or becomes free within a moment: the threads of a killed process may hold it a little longer
 * than the process is visible.
 */
export async function getsFree(port: number): Promise<boolean> {
  const deadline = Date.now() + RELEASE_MS;
  while (!(await isFree(port))) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/**
 * A loopback port that is free now. It is below the range that systems take the ports of outgoing connections from
 * (from 32,768 on Linux, 49,152 elsewhere). Any connection could take a port in that range before we listen on it, or
 * while the stack is stopped.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}
