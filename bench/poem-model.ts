import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { poem_model } from "../batch-jobs/poem_model/contract.ts";
import { measured, type Taken } from "./measured.ts";
import {
  inputOf,
  installTorch,
  python,
  type Tokens,
  tokenised,
  train,
  unzipped,
  withJobs,
  writeInput,
} from "./poem-jobs.ts";
import { gpuHere, trainingOnGpu } from "./poem-model-gpu.ts";
import { type Cell, type MeasureOptions, type Report, type Spread, spreadOf, type Table } from "./report.ts";

const root = join(import.meta.dirname, "..");
const plainLoop = join(root, "bench/poem_model/plain_loop.py");

const files = 3000;
const defaultRounds = 3;
const megabyte = 1_000_000;
/**
 * Min. ratio of our tokens per second to the plain loop's, by the median of the rounds. Ours may not be slower; three
 * percent is noise.
 */
const speedBudget = 0.97;
/** Max. ratio of our memory to the plain loop's. */
const memoryBudget = 1.1;
/** Max. difference of the two losses, in nats per token. Both learn the same, but add in a different order. */
const lossBudget = 0.001;
/** Max. share of CPU time that checkpoints may take at the default interval. */
const checkpointBudget = 0.02;

/** The default model on one thread. It takes few steps with few sequences: otherwise a round would take an hour. */
const asked = { steps: 8, batchSize: 8, warmupSteps: 2, threads: 1 };

const outputSchema = z.object({
  tokensPerSecond: z.number(),
  trainingCpuSeconds: z.number(),
  trainLoss: z.number(),
  bestLoss: z.number(),
});

/** One training: its process, its losses, and its speed and CPU time without the process's start and end. */
type Training = Taken & z.infer<typeof outputSchema>;

/** The same training by both sides, and by Millrace with a checkpoint after each step, in turns. */
type Rounds = {
  readonly plain: readonly Training[];
  readonly ours: readonly Training[];
  readonly saving: readonly Training[];
};

async function trainPlainly(file: string, folder: string): Promise<Training> {
  const out = join(folder, "plain");
  const run = await measured([...withJobs, python, plainLoop, file, out]);
  await rm(out, { recursive: true });
  return { ...run, ...outputSchema.parse(JSON.parse(run.output)) };
}

async function trainByJob(file: string, folder: string): Promise<Training> {
  const out = join(folder, "millrace");
  const { metrics, ...taken } = await train(file, out);
  await rm(out, { recursive: true });
  return { ...taken, ...metrics };
}

async function alternately(folder: string, tokens: Tokens, rounds: number): Promise<Rounds> {
  const once = await writeInput(folder, "train", inputOf(tokens, asked));
  const often = await writeInput(folder, "often", inputOf(tokens, { ...asked, checkpointSteps: 1 }));
  const [plain, ours, saving]: [Training[], Training[], Training[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    // The order alternates, because the first one runs on a rested machine.
    if (round % 2 === 0) plain.push(await trainPlainly(once, folder));
    ours.push(await trainByJob(once, folder));
    if (round % 2 === 1) plain.push(await trainPlainly(once, folder));
    saving.push(await trainByJob(often, folder));
  }
  return { plain, ours, saving };
}

/** Combines what two trainings of each round took, because both had the same conditions. */
const byRound = (
  one: readonly Training[],
  other: readonly Training[],
  join: (one: Training, other: Training) => number,
): Spread =>
  spreadOf(
    one.flatMap((each, round) => {
      const beside = other[round];
      return beside === undefined ? [] : [join(each, beside)];
    }),
  );

function compareWithPlainLoop({ plain, ours }: Rounds): Report {
  const row = (what: string, of: (training: Training) => number) => {
    const ratio = byRound(ours, plain, (own, theirs) => of(own) / of(theirs));
    const cells: Cell[] = [what, spreadOf(plain.map(of)), spreadOf(ours.map(of)), ratio];
    return { cells, ratio: ratio.median };
  };
  const loss = (what: string, of: (training: Training) => number): Cell[] => {
    const text = (runs: readonly Training[]) => spreadOf(runs.map(of)).median.toFixed(6);
    return [what, text(plain), text(ours)];
  };
  const speed = row("tokens/s", ({ tokensPerSecond }) => tokensPerSecond);
  const memory = row("peak MB of the process", ({ peakBytes }) => peakBytes / megabyte);
  const apart = byRound(ours, plain, (own, theirs) => Math.abs(own.bestLoss - theirs.bestLoss)).max;
  const table: Table = {
    title: `Training on ballads: ${asked.steps} steps of ${asked.batchSize} sequences, float32 on one thread`,
    columns: ["", "plain loop", "Millrace", "Millrace / plain"],
    rows: [
      speed.cells,
      row("CPU s", ({ trainingCpuSeconds }) => trainingCpuSeconds).cells,
      row("CPU s of the whole process", ({ cpuSeconds }) => cpuSeconds).cells,
      memory.cells,
      loss("mean loss of the steps", ({ trainLoss }) => trainLoss),
      loss("loss on what is kept apart", ({ bestLoss }) => bestLoss),
    ],
    notes: [
      `Median (min–max) of ${plain.length} rounds, taken in turns; ratios are of a round. Tokens a second and CPU s are of the steps and`,
      "the look at what is kept apart; the process has imports on top, and the model it stores. Both learn from the same",
      "sequences with the same dropout.",
    ],
  };
  return {
    tables: [table],
    overBudget: [
      ...(speed.ratio < speedBudget ? [`${speed.ratio.toFixed(3)} of the plain loop's tokens a second`] : []),
      ...(memory.ratio > memoryBudget ? [`${memory.ratio.toFixed(3)} times the plain loop's memory`] : []),
      ...(apart > lossBudget ? [`the losses differ by ${apart} nats a token`] : []),
    ],
  };
}

function checkpoints({ ours, saving }: Rounds): Report {
  const { batchSize, checkpointSteps } = poem_model.train.input.shape;
  // The last step saves no checkpoint.
  const seconds = (own: Training, other: Training) =>
    (other.trainingCpuSeconds - own.trainingCpuSeconds) / (asked.steps - 1);
  const stepsBetween = checkpointSteps.parse(undefined) * (batchSize.parse(undefined) / asked.batchSize);
  const share = byRound(
    ours,
    saving,
    (own, other) => seconds(own, other) / (stepsBetween * (own.trainingCpuSeconds / asked.steps)),
  );
  const percent = (value: number) => `${(value * 100).toFixed(2)} %`;
  const table: Table = {
    title: "Checkpoints of that training, to a local disk",
    columns: ["", ""],
    rows: [
      ["CPU s of each", byRound(ours, saving, seconds)],
      [
        "share of all CPU time at the defaults",
        `${percent(share.median)} (${percent(share.min)}–${percent(share.max)})`,
      ],
    ],
    notes: [
      "CPU time of a training that saves after each step, less that of one that saves nothing. By default one is saved after",
      `as many tokens as ${stepsBetween} of these steps have.`,
    ],
  };
  return {
    tables: [table],
    overBudget:
      share.median > checkpointBudget ? [`checkpoints take ${percent(share.median)} of the CPU time`] : [],
  };
}

/**
 * Compares training a language model by the job `poem_model.train` with a plain loop over `transformers`, in turns,
 * with the same model, tokens, sequences and settings. Also measures what checkpoints take, and speeds on a GPU if
 * there is one.
 */
export async function measurePoemsTraining({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  await installTorch();
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-poem-model-"));
  try {
    const archive = join(folder, "poems.zip");
    const options = ["--files", String(files), "--seed", "1", "--out", archive];
    await execa(python, ["-m", "data", "poems", ...options], { env: { PYTHONPATH: join(root, "local") } });
    const tokens = await tokenised(folder, await unzipped(folder, archive), "ballad");
    const all = await alternately(folder, tokens, rounds);
    const reports = [compareWithPlainLoop(all), checkpoints(all)];
    const tables = reports.flatMap(({ tables }) => tables);
    const gpu = await gpuHere();
    tables.push(
      gpu === undefined
        ? { title: "No GPU is here: nothing was measured on one.", columns: [], rows: [] }
        : await trainingOnGpu(folder, tokens, gpu, rounds),
    );
    return { tables, overBudget: reports.flatMap(({ overBudget }) => overBudget) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
