import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { SeedRange, SeedRequest } from "./seed-worker.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";

/** The project's own Node.js, whichever one the tests run in, because it runs TypeScript directly. */
const node = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "node");

/**
 * A process takes longer to load the engine's sources than to simulate its first twenty seeds. This cache keeps what
 * was loaded once.
 */
const compileCache = join(import.meta.dirname, "..", "..", ".cache", "compile");

/** How many seeds a process gets at a time. */
const portion = 20;

/** Real milliseconds after which a portion counts as hanging: many times what it takes on a busy machine. */
const maxPortion = 180_000;

function* portionsOf({ first, last }: SeedRange): Generator<SeedRange> {
  for (let from = first; from <= last; from += portion)
    yield { first: from, last: Math.min(last, from + portion - 1) };
}

/** Sends a process its next seeds, and waits for their results. */
function ask(worker: ChildProcess, seeds: SeedRequest): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) =>
      reject(new Error(`a process died (${code}) within seeds ${seeds.first}..${seeds.last}`));
    const hangs = () => reject(new Error(`seeds ${seeds.first}..${seeds.last} do not come to an end`));
    const watchdog = setTimeout(hangs, maxPortion);
    worker.once("exit", died);
    worker.once("message", (tally) => {
      clearTimeout(watchdog);
      worker.off("exit", died);
      resolve(tally as Tally);
    });
    worker.send(seeds);
  });
}

/**
 * Simulates many seeds, in several processes.
 *
 * @param stopAt number of failures after which no further seeds begin
 * @param progress called from time to time with the results so far
 * @param start how the processes are started, in addition to what all of them need
 */
export async function simulateMany(
  seeds: SeedRange,
  processes: number,
  stopAt: number,
  progress: (tally: Tally) => void,
  start: { imports?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Tally> {
  const total = emptyTally();
  const portions = portionsOf(seeds);
  const imports = (start.imports ?? []).map((module) => `--import=${module}`);
  const work = async () => {
    const worker = fork(join(import.meta.dirname, "seed-worker.ts"), {
      execPath: node,
      execArgv: ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", ...imports],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...start.env },
    });
    try {
      for (const next of portions) {
        addTally(total, await ask(worker, { ...next, stopAt }));
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
