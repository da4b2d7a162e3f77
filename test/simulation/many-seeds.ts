import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { SeedRange } from "./seed-worker.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";

/** Seeds that a process is given at a time. */
const portion = 40;

function* portionsOf({ first, last }: SeedRange): Generator<SeedRange> {
  for (let from = first; from <= last; from += portion)
    yield { first: from, last: Math.min(last, from + portion - 1) };
}

/** Sends a process its next seeds and waits for what they came to. */
function ask(worker: ChildProcess, seeds: SeedRange): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) =>
      reject(new Error(`a process died (${code}) within seeds ${seeds.first}..${seeds.last}`));
    worker.once("exit", died);
    worker.once("message", (tally) => {
      worker.off("exit", died);
      resolve(tally as Tally);
    });
    worker.send(seeds);
  });
}

/**
 * Lives many seeds through, in several processes.
 *
 * @param stopAt failures after which no further seeds are begun
 * @param progress told now and then what the seeds have come to so far
 */
export async function simulateMany(
  seeds: SeedRange,
  processes: number,
  stopAt: number,
  progress: (tally: Tally) => void,
): Promise<Tally> {
  const total = emptyTally();
  const portions = portionsOf(seeds);
  const work = async () => {
    const worker = fork(join(import.meta.dirname, "seed-worker.ts"), {
      execArgv: ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"],
    });
    try {
      for (const next of portions) {
        addTally(total, await ask(worker, next));
        progress(total);
        if (total.failed.length >= stopAt) break;
      }
    } finally {
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  total.failed.sort((a, b) => a.seed - b.seed);
  return total;
}
