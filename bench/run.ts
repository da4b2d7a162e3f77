import { availableParallelism, loadavg } from "node:os";
import { Argument, Command } from "commander";
import { measureBundles } from "./bundles.ts";
import { measureCalls } from "./calls.ts";
import { measureCli } from "./cli.ts";
import { measureConsole } from "./console.ts";
import { measureCosts } from "./costs.ts";
import { measureCtr } from "./ctr.ts";
import { measureFlattenMap } from "./flatten-map.ts";
import { measureHundredPipelines } from "./hundred-pipelines.ts";
import { measureInProcess } from "./in-process.ts";
import { measureJobPlaces } from "./job-places.ts";
import { measureLimits } from "./limits.ts";
import { measureLocalStack } from "./local-stack.ts";
import { measureMap10000 } from "./map-10000.ts";
import { measureOrchestration } from "./orchestration.ts";
import { measurePoemsTraining } from "./poem-model.ts";
import { measureRealPoems } from "./real-poems.ts";
import { type MeasureOptions, NotMeasured, type Report, tableText } from "./report.ts";
import { measureRunLists } from "./run-lists.ts";
import { measureSweepMemory } from "./sweep-memory.ts";
import { measureTaxi } from "./taxi.ts";
import { measureUnzip } from "./unzip.ts";
import { measureWatchThread } from "./watch-thread.ts";
import { wholeNumber } from "./whole-number.ts";

type Measurements = Readonly<
  Record<string, { what: string; measure: (options: MeasureOptions) => Promise<Report> }>
>;

/** Measured if nothing is named. */
const defaultMeasurements: Measurements = {
  calls: { what: "requests to AWS that steps make", measure: measureCalls },
  costs: { what: "what a million steps cost, from those and list prices", measure: measureCosts },
  bundles: { what: "sizes of the functions' code, and their cold import", measure: measureBundles },
  "in-process": { what: "steps a second of the engine alone", measure: measureInProcess },
  "watch-thread": { what: "what it costs to watch a worker for blocks", measure: measureWatchThread },
  "local-stack": { what: "milliseconds a step on the local stack", measure: measureLocalStack },
  "job-places": {
    what: "the ridge sweep's jobs on local Lambda, warm and cold, and on local Batch",
    measure: measureJobPlaces,
  },
};

/** Measurements that take many minutes, or that install or download something. */
const onlyByName: Measurements = {
  "run-lists": { what: "lists of runs among 100,000", measure: measureRunLists },
  console: { what: "the console's pages over 100,000 runs and a map of 10,000", measure: measureConsole },
  limits: { what: "a run behind a limit, among 10 to 10,000 that wait", measure: measureLimits },
  "flatten-map": {
    what: "what a map over another map's flattened results reads, for 100 to 10,000 children",
    measure: measureFlattenMap,
  },
  "map-10000": { what: "a map of 10,000 children beside one of 1,000", measure: measureMap10000 },
  "sweep-memory": {
    what: "memory of a sweep over 40,000 children with results",
    measure: measureSweepMemory,
  },
  "hundred-pipelines": {
    what: "a hundred pipelines and 20 job families beside ten",
    measure: measureHundredPipelines,
  },
  ctr: {
    what: "click-through training, beside the source project's way and Vowpal Wabbit",
    measure: measureCtr,
  },
  taxi: { what: "scoring a month of rides in two ways", measure: measureTaxi },
  unzip: { what: "unpacking 100,000 poems, beside zipfile", measure: measureUnzip },
  "poems-training": { what: "training a language model, beside a plain loop", measure: measurePoemsTraining },
  "real-poems": { what: "the jobs of the poems on a public collection", measure: measureRealPoems },
  cli: { what: "start-up of the command line, beside Prefect's", measure: measureCli },
  orchestration: { what: "chains and maps, beside Prefect", measure: measureOrchestration },
};

/** How busy the machine was, to explain unusual times: others may have used it as well. */
type Machine = { cores: number; loadBefore: number; loadAfter: number };

/** How many processes wanted a core in the last minute, on average. */
const load = () => Number((loadavg()[0] ?? Number.NaN).toFixed(1));

async function main(names: readonly string[], { json, ...options }: MeasureOptions & { json?: true }) {
  const reports: Record<string, Report & { machine: Machine }> = {};
  const named = Object.entries({ ...defaultMeasurements, ...onlyByName }).filter(([name]) =>
    names.includes(name),
  );
  for (const [name, { measure }] of names.length > 0 ? named : Object.entries(defaultMeasurements)) {
    const before = load();
    const report = await measure(options).catch((error: unknown) => {
      if (!(error instanceof NotMeasured)) throw error;
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    });
    if (report === undefined) continue;
    const machine = { cores: availableParallelism(), loadBefore: before, loadAfter: load() };
    reports[name] = { ...report, machine };
    if (json !== true) {
      for (const table of report.tables) console.log(tableText(table));
      console.log(`${machine.cores} cores; load before ${before}, after ${machine.loadAfter}\n`);
    }
    for (const problem of report.overBudget) console.error(`OVER BUDGET: ${problem}`);
    if (report.overBudget.length > 0) process.exitCode = 1;
  }
  if (json) console.log(JSON.stringify(reports, null, 2));
}

function listOf(measurements: Measurements): string {
  return Object.entries(measurements)
    .map(([name, { what }]) => `  ${name.padEnd(19)}${what}`)
    .join("\n");
}

await new Command("bench")
  .description(
    "Measures Millrace. Ends with 1 when a budget is broken. docs/benchmarks.md has the figures, and says what they mean.",
  )
  .addArgument(
    new Argument("[measurements...]", "see below").choices(
      Object.keys({ ...defaultMeasurements, ...onlyByName }),
    ),
  )
  .option("--json", "for machines")
  .option("--rounds <number>", "how often what is compared runs in turns, where something is", wholeNumber)
  .addHelpText(
    "after",
    `\nMeasured when nothing is named:\n${listOf(defaultMeasurements)}\n\nOnly by name:\n${listOf(onlyByName)}`,
  )
  .action(main)
  .parseAsync();
