import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import {
  evaluate,
  inputOf,
  installTorch,
  python,
  sample,
  tokenised,
  train,
  unzipped,
  writeInput,
} from "./poem-jobs.ts";
import { NotMeasured, type Report, type Table } from "./report.ts";

const root = join(import.meta.dirname, "..");
/** Poems of the Tang and Song dynasties and older ones, 85 MB, under the MIT licence. They aren't part of Millrace. */
const source = "chinese-poetry@2.0.1";
const packed = "chinese-poetry-2.0.1.tgz";
const cache = join(root, ".cache/real-poems");
const form = "shi";
const poemsWritten = 3;
const megabyte = 1_000_000;

/** A small model, so that two cores train it in minutes. */
const asked = {
  ...{ model: { seqLen: 128, layers: 4, heads: 4, width: 192, dropout: 0.1 }, batchSize: 16 },
  ...{ steps: 300, warmupSteps: 20, learningRate: 2e-3, evaluateSteps: 100, threads: 2 },
};

const counted = z.record(z.string(), z.int());

/**
 * Downloads the package unless that was done before. Runs nothing in it.
 *
 * @throws NotMeasured if it can't be downloaded
 */
async function fetchPackage(): Promise<string> {
  const file = join(cache, packed);
  if (existsSync(file)) return file;
  await mkdir(cache, { recursive: true });
  const incoming = await mkdtemp(join(cache, "incoming-"));
  try {
    const options = [
      "--ignore-scripts",
      "--loglevel=error",
      "--fetch-retries=1",
      "--pack-destination",
      incoming,
    ];
    const { failed, stderr, exitCode } = await execa("npm", ["pack", source, ...options], { reject: false });
    if (failed) {
      const why =
        /^npm error (?!code|errno|syscall|A complete log)(.+)$/m.exec(stderr)?.[1] ??
        `it ended with ${exitCode}`;
      throw new NotMeasured(`npm pack ${source} failed: ${why}. Nothing was measured.`);
    }
    // The file gets its name only when it's complete.
    await rename(join(incoming, packed), file);
  } finally {
    await rm(incoming, { recursive: true });
  }
  return file;
}

/**
 * Runs the jobs of poem-datalake and poem-model on real poems. A public collection becomes a zip, the zip becomes a
 * lake, and one form of the lake trains a small model. The model must predict unseen poems better than the frequencies
 * of their tokens do.
 *
 * @throws NotMeasured if the collection can't be downloaded
 */
export async function measureRealPoems(): Promise<Report> {
  const collection = await fetchPackage();
  await installTorch();
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-real-poems-"));
  try {
    const archive = join(folder, "poems.zip");
    const zip = [join(root, "bench/poem_model/real_poems.py"), collection, archive];
    const characters = counted.parse(JSON.parse((await execa(python, zip)).stdout));
    const lake = await unzipped(folder, archive);
    const tokens = await tokenised(folder, lake, form);
    const input = await writeInput(folder, "train", inputOf(tokens, asked));
    const trained = await train(input, join(folder, "train"));
    const scores = await evaluate(folder, trained, tokens);
    const written = await sample(folder, trained, poemsWritten);
    const jobs = { unzip: lake, tokenise: tokens, train: trained, evaluate: scores, sample: written };
    const { validation } = tokens;
    const took: Table = {
      title: `${source}: each job from the start of its process to its end`,
      columns: ["", "seconds", "CPU s", "peak MB"],
      rows: Object.entries(jobs).map(([name, { seconds, cpuSeconds, peakBytes }]) => [
        ...[name, seconds, cpuSeconds],
        peakBytes / megabyte,
      ]),
    };
    const found: Table = {
      title: `The lake, and a model of its ${form}`,
      columns: ["", "this model", "frequencies alone"],
      rows: [
        ["files in the lake", lake.files],
        ["MB in the lake", lake.bytes / megabyte],
        ["characters in the lake", Object.values(characters).reduce((sum, each) => sum + each, 0)],
        [`poems of ${form}, learnt from`, tokens.train.poems],
        ["tokens of these", tokens.train.tokenCount],
        ["poems held out", validation.poems],
        ["bytes a token of these", validation.bytes / validation.tokenCount],
        ["weights", trained.metrics.parameters],
        ["tokens/s of the training", trained.metrics.tokensPerSecond],
        ["perplexity, held out", scores.perplexity, scores.unigramPerplexity],
        ["bits a byte, held out", scores.bitsPerByte, scores.unigramBitsPerByte],
      ],
    };
    const poems: Table = {
      title: "What it wrote",
      columns: [""],
      rows: written.poems.map((poem) => [poem.replaceAll(/\s+/g, " ")]),
    };
    const worse = scores.perplexity >= scores.unigramPerplexity;
    return {
      tables: [took, found, poems],
      overBudget: worse
        ? [`a perplexity of ${scores.perplexity}; frequencies alone have ${scores.unigramPerplexity}`]
        : [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
