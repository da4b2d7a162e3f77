/** A process that simulates seeds for another process, which sends it ranges and gets the results back. */
import { flushCompileCache } from "node:module";
import { simulate } from "./simulation.ts";
import { addResult, emptyTally } from "./tally.ts";

/** Seeds from the first to the last, both included. */
export type SeedRange = { readonly first: number; readonly last: number };

/** A request to a process. It skips the remaining seeds after this many failures. */
export type SeedRequest = SeedRange & { readonly stopAt: number };

// Flush it now, because the process is killed once its seeds are done.
flushCompileCache();

process.on("message", async ({ first, last, stopAt }: SeedRequest) => {
  const tally = emptyTally();
  for (let seed = first; seed <= last && tally.failed.length < stopAt; seed += 1)
    addResult(tally, await simulate(seed));
  process.send?.(tally);
});
