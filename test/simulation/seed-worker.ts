/** A process that lives seeds through for another one, which sends it ranges and gets back what they came to. */
import { simulate } from "./simulation.ts";
import { addResult, emptyTally } from "./tally.ts";

/** Seeds from the first to the last, both included. */
export type SeedRange = { readonly first: number; readonly last: number };

process.on("message", async ({ first, last }: SeedRange) => {
  const tally = emptyTally();
  for (let seed = first; seed <= last; seed += 1) addResult(tally, await simulate(seed));
  process.send?.(tally);
});
