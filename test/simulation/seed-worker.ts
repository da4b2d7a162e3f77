/** A process that lives seeds through for another one, which sends it ranges and gets back what they came to. */
import { flushCompileCache } from "node:module";
import { simulate } from "./simulation.ts";
import { addResult, emptyTally } from "./tally.ts";

/** Seeds from the first to the last, both included. */
export type SeedRange = { readonly first: number; readonly last: number };

/** What a process is asked for: after so many failures it leaves the others. */
export type SeedRequest = SeedRange & { readonly stopAt: number };

// Now, because the process is killed once its seeds are done.
flushCompileCache();

process.on("message", async ({ first, last, stopAt }: SeedRequest) => {
  const tally = emptyTally();
  for (let seed = first; seed <= last && tally.failed.length < stopAt; seed += 1)
    addResult(tally, await simulate(seed));
  process.send?.(tally);
});
