import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Whether nothing listens on this loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * A loopback port that is free now. Below the range that systems take the ports of outgoing connections from (from
 * 32,768 on Linux, 49,152 elsewhere): one from that range could be taken by any connection before we listen on it, or
 * while the stack is stopped.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}
