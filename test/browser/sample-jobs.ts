import { createHash } from "node:crypto";
import * as z from "zod";
import { type Artifact, FatalError, type Json } from "../../shared/pipeline/index.ts";
import { fieldOf, type SlowJob } from "./machines.ts";

/** An object that a job made. */
function made(uri: string, bytes: number, mediaType: string): Artifact {
  return { uri, sha256: createHash("sha256").update(uri).digest("hex"), bytes, mediaType };
}

/** One of the objects that are copied. */
const copiedArtifact = (uri: string) => made(uri, uri.length, "text/plain");

const place = "s3://millrace-dev-data/runs/sample";
const csv = (name: string, bytes: number) => made(`${place}/${name}.csv`, bytes, "text/csv");
const report = (name: string) => made(`${place}/${name}.md`, 2140, "text/markdown");

/** R² by alpha on the sample data. */
const scores: Readonly<Record<string, number>> = {
  "1": 0.7412,
  "0.1": 0.8093,
  "0.01": 0.8164,
  "0.001": 0.8171,
  "0.0001": 0.8172,
  "0.00001": 0.8172,
};

const line = (level: string, message: string, fields: object = {}) =>
  JSON.stringify({ level, message, ...fields });

const file = z.object({ file: z.object({ uri: z.string() }) });

/** What is wrong with a click log, by the beginning of its name. */
const badFiles: Readonly<Record<string, string>> = {
  clicks: 'line 48113: column "click" is "yes"; it takes 0 or 1. Correct the file and drop it again',
};

function validated(input: Json): Json {
  const { uri } = file.parse(input).file;
  const name = uri.split("/").at(-1) ?? "";
  const problem = badFiles[name.split("-")[0] ?? ""];
  if (problem !== undefined) throw new FatalError(`${name}, ${problem}`);
  return {
    file: { uri, sha256: "0".repeat(64), bytes: 88_412_016, rows: 404_290 },
    ...{ clicks: 68_729, clickRate: 0.17, firstHour: "21100400", lastHour: "21100423", unseenShare: null },
    profile: copiedArtifact(`${uri}.profile.json`),
    report: report("validation"),
  };
}

/** The clicks that are trained on. */
export const impressions: readonly string[] = ["impressions-0.csv", "impressions-1.csv"].map(
  (name) => `s3://millrace-dev-data/raw/ctr/${name}`,
);

/** Objects that must exist, because a model's files are copied. The content of each is its address. */
export const copied: readonly string[] = [
  ...impressions.flatMap((uri) => [`${uri}.profile.json`, `${uri}.model/MLmodel`]),
];

const training = (metric: number) => ({
  ...{ rows: 404_290, trainRows: 363_861, testRows: 40_429, clickRate: 0.17, trainLogLoss: metric + 0.002 },
  ...{ testLogLoss: metric, baseLogLoss: 0.4557, seconds: 71.4, rowsPerSecond: 50_960 },
});

/** Log-loss of the model of each click log, on any data: the later one is the better model. */
const lossOf = (uri: string) => (uri.startsWith(impressions[0] ?? "") ? 0.3971 : 0.3948);

const trained = (uri: string) => ({
  model: { uri: `${uri}.model/`, files: [{ ...copiedArtifact(`${uri}.model/MLmodel`) }] },
  metrics: training(lossOf(uri)),
});

const compared = z.object({
  candidate: z.object({ uri: z.string() }),
  champion: z.object({ uri: z.string() }).nullable(),
});

/** Stand-ins for the jobs of the sample pipelines, with times and logs as on AWS. */
export const sampleJobs: Readonly<Record<string, SlowJob>> = {
  "ridge.download": {
    seconds: 14,
    lines: [line("INFO", "read the dataset", { rows: 100, bytes: 1904 })],
    work: async () => ({ file: { ...csv("dataset", 1904) }, rows: 100 }),
  },
  "ridge.split": {
    seconds: 9,
    lines: [line("INFO", "split", { train: 75, test: 25 })],
    work: async () => ({ train: { ...csv("train", 1428) }, test: { ...csv("test", 476) } }),
  },
  "ridge.train": {
    seconds: 96,
    lines: [line("INFO", "fitting", { rows: 75 }), line("INFO", "fitted", { iterations: 112 })],
    work: async (input) => {
      const alpha = fieldOf(input, "alpha");
      return { alpha, model: { ...made(`${place}/ridge-alpha-${alpha}.json`, 811, "application/json") } };
    },
  },
  "ridge.evaluate": {
    seconds: 21,
    lines: [line("INFO", "scored on the test set", { rows: 25 })],
    work: async (input) => ({
      alpha: fieldOf(input, "alpha"),
      model: fieldOf(input, "model"),
      r2: scores[String(fieldOf(input, "alpha"))] ?? 0.7,
      report: { ...report("evaluation") },
    }),
  },
  "ctr.validate": {
    seconds: 52,
    lines: [
      line("INFO", "reading the file", { columns: 24 }),
      line("INFO", "40000 rows read", { clicks: 6803 }),
      line("WARNING", "device_ip: 61 % of the values were never seen in training", { column: "device_ip" }),
      line("ERROR", "the file is refused", { row: 48_113, column: "click", value: "yes" }),
    ],
    work: async (input) => validated(input),
  },
  "ctr.train": {
    seconds: 185,
    lines: [
      line("INFO", "one pass over the rows", { optimizer: "ftrl", weights: 1_048_576 }),
      line("INFO", "half of the rows", { logLoss: 0.4021 }),
      line("INFO", "trained", { logLoss: 0.3948, rowsPerSecond: 50_960 }),
    ],
    work: async (input) => ({
      ...trained(
        z.object({ files: z.array(z.object({ uri: z.string() })) }).parse(input).files[0]?.uri ?? "",
      ),
      signature: { inputs: [{ name: "hour", type: "string" }], outputs: [{ name: "click", type: "double" }] },
      report: { ...report("training") },
    }),
  },
  "ctr.evaluate": {
    seconds: 44,
    lines: [line("INFO", "scored", { testRows: 40_429 })],
    work: async (input) => {
      const { candidate, champion } = compared.parse(input);
      return {
        ...{ testRows: 40_429, baseLogLoss: 0.4557, candidate: { logLoss: lossOf(candidate.uri) } },
        champion: champion && { logLoss: 0.3971 },
        report: { ...report("comparison") },
      };
    },
  },
};
