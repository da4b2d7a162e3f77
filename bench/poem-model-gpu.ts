import { join } from "node:path";
import { execa } from "execa";
import { poem_model } from "../batch-jobs/poem_model/contract.ts";
import { inputOf, python, type Tokens, type Trained, train, writeInput } from "./poem-jobs.ts";
import { type Cell, type Spread, spreadOf, type Table } from "./report.ts";

const steps = 600;
const megabyte = 1_000_000;
const teraflop = 1e12;

type Precision = "bfloat16" | "float32";

/**
 * Peak speed of dense multiplication in teraflops, from NVIDIA's data sheets: 16 bits on tensor cores, and 32 bits
 * without them, as torch computes by default. The machines of `resources/batch.yml` have the first three.
 */
const peaks: Readonly<Record<string, Partial<Record<Precision, number>>>> = {
  "Tesla T4": { float32: 8.1 },
  "NVIDIA A10G": { bfloat16: 70, float32: 35 },
  "NVIDIA L4": { bfloat16: 121, float32: 30.3 },
  "NVIDIA A100-SXM4-40GB": { bfloat16: 312, float32: 19.5 },
  "NVIDIA A100-SXM4-80GB": { bfloat16: 312, float32: 19.5 },
  "NVIDIA H100 80GB HBM3": { bfloat16: 989, float32: 67 },
  "NVIDIA H200": { bfloat16: 989, float32: 67 },
};

/** The default model, and one as large as the smallest GPT-2. */
const shapes = [
  poem_model.train.input.shape.model.parse(undefined),
  poem_model.train.input.shape.model.parse({ seqLen: 1024, layers: 12, heads: 12, width: 768 }),
];

/** The name of the GPU that torch finds. */
export async function gpuHere(): Promise<string | undefined> {
  const ask = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')";
  const { stdout } = await execa(python, ["-c", ask]);
  return stdout.trim() || undefined;
}

/**
 * Operations that a model must do for each token it learns from, forwards and backwards: Chowdhery et al., PaLM (2022),
 * appendix B. What is computed twice or masked away doesn't count.
 */
const operationsOf = (parameters: number, { layers, width, seqLen }: (typeof shapes)[number]): number =>
  6 * parameters + 12 * layers * width * seqLen;

/**
 * Measures Millrace's training on a GPU: its speed, its share of the card's peak, and what checkpoints take at the
 * default interval.
 */
export async function trainingOnGpu(
  folder: string,
  tokens: Tokens,
  gpu: string,
  rounds: number,
): Promise<Table> {
  const rows: Cell[][] = [];
  for (const model of shapes) {
    const measure = async (name: string, changes: Parameters<typeof inputOf>[1]) => {
      const file = await writeInput(folder, name, inputOf(tokens, { ...changes, model }));
      return train(file, join(folder, name));
    };
    const [plain, float32, saving]: [Trained[], Trained[], Trained[]] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      plain.push(await measure(`gpu-${round}`, { steps }));
      float32.push(await measure(`gpu-float32-${round}`, { steps, precision: "float32" }));
      saving.push(await measure(`gpu-saving-${round}`, { steps, checkpointSteps: undefined }));
    }
    const speeds = (runs: readonly Trained[]) => runs.map(({ metrics }) => metrics.tokensPerSecond);
    const lost: Spread = spreadOf(
      speeds(saving).map((speed, round) => 100 * (1 - speed / (speeds(plain)[round] ?? Number.NaN))),
    );
    for (const runs of [plain, float32]) {
      const [one] = runs;
      if (one === undefined) continue;
      const peak = peaks[gpu]?.[one.precision];
      const operations = operationsOf(one.metrics.parameters, model) / teraflop;
      rows.push([
        `${(one.metrics.parameters / 1e6).toFixed(1)} million weights, ${one.precision}`,
        spreadOf(speeds(runs)),
        peak === undefined
          ? undefined
          : spreadOf(speeds(runs).map((speed) => (100 * speed * operations) / peak)),
        spreadOf(runs.map(({ metrics }) => metrics.peakMemoryBytes / megabyte)),
        runs === plain ? lost : undefined,
      ]);
    }
  }
  return {
    title: `Training on one ${gpu}: ${steps} steps of 32 sequences`,
    columns: ["", "tokens/s", "% of the peak", "peak MB of the GPU", "% of the time for checkpoints"],
    rows,
    notes: [
      "Of the peak: operations that the model asks for (PaLM, appendix B) by what the card's data sheet promises.",
    ],
  };
}
