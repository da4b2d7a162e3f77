import type { Log } from "../ports/log.ts";
import { AttemptOverError } from "../step/attempt-guard.ts";

/**
 * Keeps the process alive when a function's call is refused because its attempt is over. Nobody may be left to handle
 * the refusal, and an unhandled one ends the process, with all other steps in it. Everything else is handled as before.
 */
export function ignoreLateCalls(log: Log): void {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason, promise) => {
    if (reason instanceof AttemptOverError) return log.warn("a late call was refused", { error: reason });
    // Without a listener, Node ends the process with the reason.
    if (others.length === 0) throw reason;
    for (const other of others) other(reason, promise);
  });
}
