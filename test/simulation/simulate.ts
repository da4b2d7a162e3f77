/**
 * Simulates random runs under random faults: `npm run simulate -- --seeds 1..1000`. Exits with 1 if a promise of the
 * engine is broken. docs/simulation.md explains what is checked and how to read a failure.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../../bench/whole-number.ts";
import { type Explored, exploreAll, exploredText } from "./exhaustive/explore-all.ts";
import { type CaseFile, failureText, keepCase } from "./failure-report.ts";
import { simulateMany } from "./many-seeds.ts";
import type { SeedRange } from "./seed-worker.ts";
import { shrink } from "./shrink.ts";
import { type SimulationResult, simulate } from "./simulation.ts";
import { simulationStart } from "./spec/simulation-start.ts";
import type { Tally } from "./tally.ts";
import { traceText } from "./trace.ts";

type Options = {
  seeds: SeedRange;
  jobs: number;
  json?: boolean;
  trace?: boolean;
  case?: string;
  shrink: boolean;
  exhaustive?: boolean;
  limit: number;
};

function seedRange(text: string): SeedRange {
  const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first !== undefined && range.first <= range.last) return range;
  throw new InvalidArgumentError("It takes a seed, or a range such as 1..1000.");
}

function brokenText({ failed }: Pick<Tally, "failed">): string {
  return failed.length === 0 ? "nothing broken" : `broken: ${failed.map(({ seed }) => seed).join(", ")}`;
}

function summary({ runs, calls, faults, kinds, failed }: Tally, seconds: number): string {
  const counts = Object.entries(kinds).toSorted(([, a], [, b]) => b - a);
  return [
    `${runs} runs, ${faults} faults (${(faults / runs).toFixed(1)} a run), ${calls} calls, ${(runs / seconds).toFixed(0)} runs/s`,
    ...counts.map(([kind, count]) => `  ${String(count).padStart(9)}  ${kind}`),
    brokenText({ failed }),
  ].join("\n");
}

async function report(failing: SimulationResult, small: boolean): Promise<void> {
  console.error(small ? `making seed ${failing.seed} smaller…` : "");
  const { result, tries } = small ? await shrink(failing) : { result: failing, tries: 0 };
  console.log(failureText(result));
  console.log(`\nagain, as small as here (${tries} tries):  npm run simulate -- --case ${keepCase(result)}`);
  console.log(`again, as it was found:  npm run simulate -- --seeds ${failing.seed} --trace`);
}

async function replay(result: SimulationResult, trace: boolean): Promise<void> {
  if (trace || result.violations.length > 0) console.log(failureText(result));
  console.log(result.violations.length === 0 ? `nothing broken; the run is ${result.state}` : "broken");
  if (result.violations.length > 0) process.exitCode = 1;
}

async function exhaust(limit: number, json: boolean): Promise<void> {
  const all: Explored[] = [];
  for await (const explored of exploreAll(limit)) {
    all.push(explored);
    if (json) console.error(exploredText(explored));
    else console.log(exploredText(explored));
    if (explored.broken === undefined) continue;
    process.exitCode = 1;
    const { violations, trace } = explored.broken;
    for (const { rule, detail } of violations) console.error(`  ${rule}: ${detail}`);
    console.error(traceText(trace, simulationStart));
  }
  const sum = (count: (explored: Explored) => number) => all.reduce((total, each) => total + count(each), 0);
  const states = sum((each) => each.states);
  const executions = sum((each) => each.executions);
  const crashPoints = sum((each) => each.crashPoints);
  if (json) console.log(JSON.stringify({ states, executions, crashPoints, explored: all }, null, 2));
  else console.log(`in all ${states} states, ${executions} executions, ${crashPoints} crash points`);
}

async function main({
  seeds,
  jobs,
  json,
  trace,
  case: file,
  shrink: small,
  exhaustive,
  limit,
}: Options): Promise<void> {
  if (exhaustive === true) return exhaust(limit, json === true);
  if (file !== undefined) {
    const { seed, spec, only } = JSON.parse(readFileSync(file, "utf8")) as CaseFile;
    return replay(await simulate(seed, { spec, only: new Set(only), traced: true }), true);
  }
  if (trace === true) return replay(await simulate(seeds.first, { traced: true }), true);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const count = seeds.last - seeds.first + 1;
  let shownAt = 0;
  const tally = await simulateMany(seeds, Math.min(jobs, Math.ceil(count / 20)), 5, (so) => {
    if (seconds() - shownAt < 5) return;
    shownAt = seconds();
    console.error(`${so.runs} of ${count} runs, ${so.faults} faults, ${brokenText(so)}`);
  });
  if (json) console.log(JSON.stringify({ ...tally, seconds: seconds() }, null, 2));
  else console.log(summary(tally, seconds()));
  const [first] = tally.failed;
  if (first === undefined) return;
  process.exitCode = 1;
  if (!json) await report(await simulate(first.seed, { traced: true }), small);
}

const command = new Command("simulate")
  .description("Live random runs under random faults through and check every promise of the engine.")
  .option("--seeds <range>", "a seed, or a range of them", seedRange, { first: 1, last: 1000 })
  .option("--jobs <processes>", "processes that share the work", wholeNumber, availableParallelism())
  .option("--trace", "print all that happens in the first seed")
  .option("--case <file>", "live through a case that an earlier failure was made into")
  .option("--no-shrink", "do not make a failure smaller")
  .option("--exhaustive", "go through all orders of calls and all crash points of small graphs")
  .option("--limit <executions>", "most executions of one small graph and fault", wholeNumber, 100_000)
  .option("--json", "print the counts as JSON")
  .action(main);

await command.parseAsync();
