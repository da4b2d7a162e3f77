import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { ctr } from "../batch-jobs/ctr/contract.ts";
import { measured, type Taken } from "./measured.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { type Cell, type MeasureOptions, type Report, type Spread, spreadOf, type Table } from "./report.ts";

const root = join(import.meta.dirname, "..");
const scripts = join(root, "bench/ctr");
const python = join(root, ".venv/bin/python");

const million = 1_000_000;
const megabyte = 1_000_000;
const manyRows = 10 * million;
const testShare = 0.1;
/** Learning rate for the source project's way: the best of .03, .05 and .08. */
const eta0 = 0.05;
const defaultRounds = 3;
const millraceName = "Millrace";
const memoryBudget = 500;
/** How many more megabytes ten times the rows may take. The memory of a process always varies a little. */
const growthBudget = 20;

const scored = z.object({ logLoss: z.number() });

/** A way to train. It trains once, and reports what that took and how good the model is. */
type Way = {
  readonly name: string;
  /** Rows that it reads during the measured time. */
  readonly rows: number;
  readonly train: () => Promise<Taken & { logLoss: number }>;
};

/** Makes rows with the generator, and the input with which `ctr.train` trains on them. */
async function makeRows(folder: string, rows: number): Promise<{ file: string; input: string }> {
  const file = join(folder, `${rows}.csv.gz`);
  const input = join(folder, `${rows}.json`);
  const generator = ["-m", "data", "ctr", "--rows", String(rows), "--seed", "1", "--out", file];
  await execa(python, generator, { env: { PYTHONPATH: join(root, "local") } });
  const digest = createHash("sha256");
  for await (const piece of createReadStream(file)) digest.update(piece);
  const { size } = await stat(file);
  const files = [{ uri: file, sha256: digest.digest("hex"), bytes: size, rows }];
  await writeFile(input, JSON.stringify(ctr.train.input.parse({ files, testShare })));
  return { file, input };
}

async function millrace(input: string, out: string): Promise<Taken & { logLoss: number }> {
  await rm(out, { recursive: true, force: true });
  const run = await measured([python, "-m", "ctr", "train", "--input", input, "--output", out]);
  const { metrics } = z.object({ metrics: ctr.train.output.shape.metrics }).parse(JSON.parse(run.output));
  return { ...run, logLoss: metrics.testLogLoss };
}

/** Trains with Vowpal Wabbit. Its test isn't part of the time. */
async function vowpal(programs: string, folder: string, kind: "vw" | "csv") {
  const vw = [join(programs, "python"), "-m", "vowpalwabbit", ...(kind === "csv" ? ["--csv"] : [])];
  const model = join(folder, `${kind}.model`);
  const predictions = join(folder, `${kind}.predictions`);
  const train = ["-d", join(folder, `train.${kind}`), "-b", "20", "--loss_function", "logistic", "-f", model];
  const test = [
    "-t",
    "-d",
    join(folder, `test.${kind}`),
    "-i",
    model,
    "--link",
    "logistic",
    "-p",
    predictions,
  ];
  const run = await measured([...vw, "--quiet", ...train]);
  await measured([...vw, "--quiet", ...test]);
  const clicks = join(folder, "test.clicks");
  const { stdout } = await execa(join(programs, "python"), [
    join(scripts, "log_loss.py"),
    predictions,
    clicks,
  ]);
  return { ...run, ...scored.parse(JSON.parse(stdout)) };
}

async function waysOf(folder: string, programs: string): Promise<readonly Way[]> {
  const { file, input } = await makeRows(folder, million);
  const trainRows = million * (1 - testShare);
  const ofVowpal = join(folder, "vowpal");
  await mkdir(ofVowpal);
  await execa(join(programs, "python"), [join(scripts, "to_vowpal.py"), file, ofVowpal, String(trainRows)]);
  const source = [
    join(scripts, "source_way.py"),
    file,
    String(trainRows),
    String(eta0),
    join(folder, "source"),
  ];
  return [
    {
      name: "source project's way",
      rows: million,
      train: async () => {
        const run = await measured([join(programs, "python"), ...source]);
        return { ...run, ...scored.parse(JSON.parse(run.output)) };
      },
    },
    {
      name: "Vowpal Wabbit, its own format",
      rows: trainRows,
      train: () => vowpal(programs, ofVowpal, "vw"),
    },
    { name: "Vowpal Wabbit, CSV", rows: trainRows, train: () => vowpal(programs, ofVowpal, "csv") },
    { name: millraceName, rows: million, train: () => millrace(input, join(folder, "millrace")) },
  ];
}

type Measured = {
  readonly name: string;
  /** Rows per second in each round. */
  readonly speeds: readonly number[];
  readonly speed: Spread;
  readonly cpu: Spread;
  readonly peak: Spread;
  readonly logLoss: number;
};

function measuredOf(name: string, rows: number, runs: readonly (Taken & { logLoss: number })[]): Measured {
  const speeds = runs.map(({ seconds }) => rows / seconds);
  return {
    name,
    speeds,
    speed: spreadOf(speeds),
    cpu: spreadOf(runs.map(({ cpuSeconds }) => (cpuSeconds / rows) * million)),
    peak: spreadOf(runs.map(({ peakBytes }) => peakBytes / megabyte)),
    logLoss: Math.max(...runs.map(({ logLoss }) => logLoss)),
  };
}

/** How many times faster Millrace was, round by round, because all ways of a round ran under the same conditions. */
function ratioTo(other: Measured, ways: readonly Measured[]): Spread | undefined {
  const ours = ways.find(({ name }) => name === millraceName);
  if (ours === undefined || ours === other) return undefined;
  return spreadOf(ours.speeds.map((speed, round) => speed / (other.speeds[round] ?? Number.NaN)));
}

function rowOf(way: Measured, ways: readonly Measured[]): Cell[] {
  return [way.name, way.speed, ratioTo(way, ways), way.cpu, way.peak, way.logLoss.toFixed(6)];
}

/** Runs the ways in turns, so that all run under the same conditions. */
async function compare(folder: string, programs: string, rounds: number): Promise<readonly Measured[]> {
  const ways = await waysOf(folder, programs);
  const runs = ways.map((): (Taken & { logLoss: number })[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, way] of ways.entries()) runs[place]?.push(await way.train());
  }
  return ways.map(({ name, rows }, place) => measuredOf(name, rows, runs[place] ?? []));
}

/** Training on one million rows and on ten million. The last row is what the additional nine million take. */
async function grow(folder: string, rounds: number): Promise<{ rows: Cell[][]; peaks: readonly number[] }> {
  const sizes = [million, manyRows];
  const inputs = new Map<number, string>();
  for (const rows of sizes) inputs.set(rows, (await makeRows(folder, rows)).input);
  const runs = new Map<number, Taken[]>(sizes.map((rows) => [rows, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [rows, input] of inputs) runs.get(rows)?.push(await millrace(input, join(folder, "millrace")));
  }
  const few = runs.get(million) ?? [];
  const many = runs.get(manyRows) ?? [];
  const measuredRows = sizes.map((rows) => {
    const { speed, cpu, peak } = measuredOf(
      "",
      rows,
      (runs.get(rows) ?? []).map((run) => ({ ...run, logLoss: 0 })),
    );
    return { cells: [`${rows / million} million rows`, speed, cpu, peak] as Cell[], peak: peak.max };
  });
  const margin = many.map((run, round) => {
    const other = few[round] ?? run;
    const more = manyRows - million;
    return {
      speed: more / (run.seconds - other.seconds),
      cpu: (run.cpuSeconds - other.cpuSeconds) / (more / million),
    };
  });
  const atMargin: Cell[] = [
    "at the margin",
    spreadOf(margin.map(({ speed }) => speed)),
    spreadOf(margin.map(({ cpu }) => cpu)),
    undefined,
  ];
  return {
    rows: [...measuredRows.map(({ cells }) => cells), atMargin],
    peaks: measuredRows.map(({ peak }) => peak),
  };
}

function problemsOf(ways: readonly Measured[], peaks: readonly number[]): string[] {
  const ours = ways.find(({ name }) => name === millraceName);
  const worse = ways.filter(({ logLoss }) => ours !== undefined && ours.logLoss > logLoss);
  const [few = 0, many = 0] = peaks;
  return [
    ...worse.map(({ name, logLoss }) => `test log-loss is ${ours?.logLoss}, and ${logLoss} with ${name}`),
    ...(many > memoryBudget ? [`10 million rows took ${many} MB; the budget is ${memoryBudget}`] : []),
    ...(many > few + growthBudget ? [`10 million rows took ${many - few} MB more than 1 million`] : []),
  ];
}

/**
 * Compares click-through training with the source project's way and with Vowpal Wabbit, in turns, on the same generated
 * rows.
 */
export async function measureCtr({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const programs = await pythonEnvironment("ctr");
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-ctr-"));
  try {
    const ways = await compare(folder, programs, rounds);
    const { rows, peaks } = await grow(folder, rounds);
    const tables: Table[] = [
      {
        title: "Click-through training on 1,000,000 rows, from the start of the process to the saved model",
        columns: ["", "rows/s", "Millrace / this", "CPU s a million", "peak MB", "test log-loss"],
        rows: ways.map((way) => rowOf(way, ways)),
        notes: [
          `Median (min–max) of ${rounds} rounds, taken in turns; ratios are of a round. Imports are included.`,
          "Trained on the first 900,000 rows and tested on the others. The source project's way and Millrace read gzip and",
          "test in the time measured; Vowpal Wabbit reads its input ready-made, not packed, and its test is not counted.",
        ],
      },
      {
        title: "Millrace, by the number of rows",
        columns: ["", "rows/s", "CPU s a million", "peak MB"],
        rows,
      },
    ];
    return { tables, overBudget: problemsOf(ways, peaks) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
