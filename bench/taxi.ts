import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { measured, type Taken } from "./measured.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { type Cell, type MeasureOptions, type Report, type Spread, spreadOf, type Table } from "./report.ts";

const root = join(import.meta.dirname, "..");
const scripts = join(root, "bench/taxi");
const python = join(root, ".venv/bin/python");
const sources = ["batch-jobs", "batch-jobs/sdk"].map((each) => join(root, each)).join(":");

const sizes = [50_000, 1_000_000];
const scoredMonth = "2021-03";
const phases = ["read_dataframe", "prepare_dictionaries", "make_prediction", "make_result"];
const defaultRounds = 3;
const megabyte = 1_000_000;

const outputSchema = z.object({ rows: z.int(), phases: z.array(z.number()).length(phases.length) });

/** One scoring of a month: its process, and the seconds of each phase. */
type Scoring = Taken & z.infer<typeof outputSchema>;

/** Makes a month's file with the generator. */
async function makeMonth(folder: string, month: string, rows: number): Promise<string> {
  const file = join(folder, `${month}-${rows}.parquet`);
  const options = ["--month", month, "--rows", String(rows), "--seed", "1", "--out", file];
  await execa(python, ["-m", "data", "taxi", ...options], { env: { PYTHONPATH: join(root, "local") } });
  return file;
}

/** Runs a job from a shell, as batch-jobs/README.md says. @returns its output */
async function job(folder: string, name: string, input: unknown): Promise<unknown> {
  const file = join(folder, `${name}.json`);
  const out = join(folder, name);
  await mkdir(out, { recursive: true });
  await writeFile(file, JSON.stringify(input));
  const { stdout } = await execa(python, ["-m", "taxi", name, "--input", file, "--output", out], {
    env: { PYTHONPATH: sources },
  });
  return JSON.parse(stdout);
}

/** Trains a model on two months of 50,000 rides. @returns the file of its Pipeline */
async function makeModel(folder: string): Promise<string> {
  const month = async (number: number) => {
    const uri = await makeMonth(folder, `2021-0${number}`, 50_000);
    const { size: bytes } = await stat(uri);
    return { uri, bytes, year: 2021, month: number };
  };
  const months = { training: await month(1), validation: await month(2) };
  const frames = z
    .object({ training: z.looseObject({}), validation: z.looseObject({}) })
    .parse(await job(folder, "features", months));
  const parameters = { maxDepth: 6, learningRate: 0.1, l2Regularization: 1 };
  const { training, validation } = frames;
  await job(folder, "train", { training, validation, parameters, champion: null, seed: 42 });
  return join(folder, "train/model/data/model.pkl");
}

async function score(command: readonly string[]): Promise<Scoring> {
  const run = await measured(command);
  return { ...run, ...outputSchema.parse(JSON.parse(run.output)) };
}

const total = (scoring: Scoring) => scoring.phases.reduce((sum, each) => sum + each, 0);

/** How many times faster ours was, round by round. */
const ratio = (theirs: readonly number[], ours: readonly number[]): Spread =>
  spreadOf(theirs.map((each, round) => each / (ours[round] ?? Number.NaN)));

function rowsOf(rows: number, theirs: readonly Scoring[], ours: readonly Scoring[]): Cell[][] {
  const row = (what: string, of: (scoring: Scoring) => number): Cell[] => {
    const [source, own] = [theirs.map(of), ours.map(of)];
    return [what, spreadOf(source), spreadOf(own), ratio(source, own)];
  };
  return [
    ...phases.map((phase, place) => row(phase, (scoring) => (scoring.phases[place] ?? Number.NaN) * 1000)),
    row("all of these", (scoring) => total(scoring) * 1000),
    row("peak MB of the process", ({ peakBytes }) => peakBytes / megabyte),
    ["rides", rows, rows, undefined],
  ];
}

/**
 * Compares scoring a month of taxi rides with the source's way, one dict per ride, in turns, with the same model.
 *
 * @throws if the two predictions aren't identical to the last bit
 */
export async function measureTaxi({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const programs = await pythonEnvironment("taxi");
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-taxi-"));
  try {
    const model = await makeModel(folder);
    const tables: Table[] = [];
    for (const size of sizes) {
      const rides = await makeMonth(folder, scoredMonth, size);
      const [source, own] = [join(folder, "source.parquet"), join(folder, "own.parquet")];
      // scikit-learn has one thread on both sides, as in the job. Otherwise they would differ in how many cores they
      // get.
      const env = ["env", `PYTHONPATH=${sources}`, "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"];
      const theirs: Scoring[] = [];
      const ours: Scoring[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const asked = [rides, scoredMonth, model];
        theirs.push(
          await score([...env, join(programs, "python"), join(scripts, "source_way.py"), ...asked, source]),
        );
        ours.push(await score([...env, python, join(scripts, "millrace_way.py"), ...asked, own]));
        await execa(python, [join(scripts, "compare.py"), own, source]);
      }
      tables.push({
        title: `Scoring a month of ${size.toLocaleString("en-US")} rides, ms`,
        columns: ["", "source's way", "Millrace", "source / Millrace"],
        rows: rowsOf(ours[0]?.rows ?? 0, theirs, ours),
        notes: [
          `Median (min–max) of ${rounds} rounds, taken in turns; ratios are of a round. Imports and loading the model are`,
          "not counted. Both score the same rides, and each prediction is the same to the last bit.",
        ],
      });
    }
    return { tables, overBudget: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
