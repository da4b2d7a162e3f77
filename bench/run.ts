/**
 * Measures Millrace: `npm run bench` for everything but what takes very long, `npm run bench -- calls` for one
 * measurement, `--json` for machines. Ends with 1 when a budget is broken. docs/benchmarks.md has the figures, and says what they mean.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureBundles } from "./bundles.ts";
import { measureCalls } from "./calls.ts";
import { measureCosts } from "./costs.ts";
import { measureCtr } from "./ctr.ts";
import { measureInProcess } from "./in-process.ts";
import { measureLocalStack } from "./local-stack.ts";
import { measureMap10000 } from "./map-10000.ts";
import { measureOrchestration } from "./orchestration.ts";
import { measurePoemsTraining } from "./poem-model.ts";
import { measureRealPoems } from "./real-poems.ts";
import { type MeasureOptions, NotMeasured, type Report, tableText } from "./report.ts";
import { measureRunLists } from "./run-lists.ts";
import { measureTaxi } from "./taxi.ts";
import { measureUnzip } from "./unzip.ts";

type Measurement = {
  readonly measure: (options: MeasureOptions) => Promise<Report>;
  /** Takes many minutes, or installs or downloads something: done only when it is named. */
  readonly onlyByName?: true;
};

const measurements: ReadonlyMap<string, Measurement> = new Map<string, Measurement>([
  ["calls", { measure: measureCalls }],
  ["costs", { measure: measureCosts }],
  ["bundles", { measure: measureBundles }],
  ["in-process", { measure: measureInProcess }],
  ["local-stack", { measure: measureLocalStack }],
  ["run-lists", { measure: measureRunLists, onlyByName: true }],
  ["map-10000", { measure: measureMap10000, onlyByName: true }],
  ["ctr", { measure: measureCtr, onlyByName: true }],
  ["taxi", { measure: measureTaxi, onlyByName: true }],
  ["unzip", { measure: measureUnzip, onlyByName: true }],
  ["poems-training", { measure: measurePoemsTraining, onlyByName: true }],
  ["real-poems", { measure: measureRealPoems, onlyByName: true }],
  ["orchestration", { measure: measureOrchestration, onlyByName: true }],
]);

/** How busy the machine was, for a reader who wonders about a time: others may have used it as well. */
type Machine = { cores: number; loadBefore: number; loadAfter: number };

/** Processes that wanted a core in the last minute, on average. */
const load = () => Number((loadavg()[0] ?? Number.NaN).toFixed(1));

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, rounds: { type: "string" } },
  });
  const unknown = positionals.filter((name) => !measurements.has(name));
  if (unknown.length > 0) {
    console.error(
      `There is no measurement ${unknown.join(", ")}. There are: ${[...measurements.keys()].join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const reports: Record<string, Report & { machine: Machine }> = {};
  const options: MeasureOptions = values.rounds === undefined ? {} : { rounds: Number(values.rounds) };
  for (const [name, { measure, onlyByName = false }] of measurements) {
    if (positionals.length > 0 ? !positionals.includes(name) : onlyByName) continue;
    const before = load();
    const report = await measure(options).catch((error: unknown) => {
      if (!(error instanceof NotMeasured)) throw error;
      console.error(`${name}: ${error.message}`);
      process.exitCode = 1;
    });
    if (report === undefined) continue;
    const machine = { cores: availableParallelism(), loadBefore: before, loadAfter: load() };
    reports[name] = { ...report, machine };
    if (!values.json) {
      for (const table of report.tables) console.log(tableText(table));
      console.log(`${machine.cores} cores; load before ${before}, after ${machine.loadAfter}\n`);
    }
    for (const problem of report.overBudget) console.error(`OVER BUDGET: ${problem}`);
    if (report.overBudget.length > 0) process.exitCode = 1;
  }
  if (values.json) console.log(JSON.stringify(reports, null, 2));
}

await main();
