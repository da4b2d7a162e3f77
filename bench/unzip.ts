import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { poems } from "../batch-jobs/poems/contract.ts";
import { startStack, stopStack } from "../local/stack/stack.ts";
import { measured, type Taken } from "./measured.ts";
import { type Cell, type MeasureOptions, type Report, spreadOf } from "./report.ts";

const root = join(import.meta.dirname, "..");
const python = join(root, ".venv/bin/python");
const jobs = ["env", `PYTHONPATH=${join(root, "batch-jobs")}:${join(root, "batch-jobs/sdk")}`];
/** Reads a local copy and writes plain files, like a script that trusts its archive. */
const extractAll = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";

const megabyte = 1_000_000;
const bytesAFile = 10_000;
const few = 10_000;
const many = 100_000;
const defaultRounds = 1;
/** Megabytes. It's less than the smallest memory that the job gets. */
const memoryBudget = 500;
const bucket = "unzip";

const input = (uri: string) => JSON.stringify(poems.unzip.input.parse({ archive: { uri } }));

async function makeArchive(folder: string, files: number): Promise<string> {
  const file = join(folder, `${files}.zip`);
  const size = String(files * bytesAFile);
  const options = ["--files", String(files), "--bytes", size, "--seed", "1", "--out", file];
  await execa(python, ["-m", "data", "poems", ...options], { env: { PYTHONPATH: join(root, "local") } });
  return file;
}

/** The job from a shell, with the archive and the lake on this machine's disk. */
async function toDisk(folder: string, archive: string): Promise<Taken> {
  const out = join(folder, "lake");
  const inputFile = join(folder, "input.json");
  await writeFile(inputFile, input(archive));
  const command = [python, "-m", "poems", "unzip", "--input", inputFile, "--output", out];
  const run = await measured([...jobs, ...command]);
  await rm(out, { recursive: true });
  return run;
}

async function byZipfile(folder: string, archive: string): Promise<Taken> {
  const out = join(folder, "plain");
  const run = await measured([python, "-c", extractAll, archive, out]);
  await rm(out, { recursive: true });
  return run;
}

/** The job as Batch runs it, with the archive and the lake in an emulated S3, another process on the same cores. */
async function toS3(folder: string, archive: string, rounds: number): Promise<Taken[]> {
  const stateDir = join(folder, "stack");
  const stack = await startStack({ stateDir });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const { awsEndpoint: endpoint, region } = stack;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const runs: Taken[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // The bytes differ in each round, because the same archive is unpacked only once.
      const body = Buffer.concat([Buffer.from(`round ${round}`), await readFile(archive)]);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "a.zip", Body: body }));
      const inputs = JSON.stringify({ inputs: { 0: JSON.parse(input(`s3://${bucket}/a.zip`)) } });
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "inputs.json", Body: inputs }));
      const environment = {
        ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: region },
        ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
        ...{ MILLRACE_PIPELINE: "bench", MILLRACE_RUN_ID: `round-${round}`, MILLRACE_STEP: "unzip" },
        ...{ MILLRACE_JOB: "poems.unzip", MILLRACE_EPOCH: "1", MILLRACE_ATTEMPT: "1", MILLRACE_INDICES: "0" },
        ...{
          MILLRACE_INPUT: `s3://${bucket}/inputs.json`,
          MILLRACE_OUTPUT: `s3://${bucket}/runs/${round}/`,
        },
      };
      const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      runs.push(await measured([...jobs, ...set, python, "-m", "poems", "unzip"]));
    }
    return runs;
  } finally {
    s3.destroy();
    await stopStack(stateDir);
  }
}

function rowOf(name: string, files: number, runs: readonly Taken[]): Cell[] {
  return [
    name,
    files,
    spreadOf(runs.map(({ seconds }) => files / seconds)),
    spreadOf(runs.map(({ cpuSeconds }) => (cpuSeconds / files) * 1000)),
    spreadOf(runs.map(({ peakBytes }) => peakBytes / megabyte)),
  ];
}

/** Compares unpacking 1 GB of 100,000 poems with Python's zipfile, which checks nothing and reads a local copy. */
export async function measureUnzip({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-unzip-"));
  try {
    const rows: Cell[][] = [];
    const peaks: number[] = [];
    for (const files of [few, many]) {
      const archive = await makeArchive(folder, files);
      const plain: Taken[] = [];
      const ours: Taken[] = [];
      for (let round = 0; round < rounds; round += 1) {
        plain.push(await byZipfile(folder, archive));
        ours.push(await toDisk(folder, archive));
      }
      rows.push(rowOf("zipfile, local copy to local disk", files, plain));
      rows.push(rowOf("Millrace, local copy to local disk", files, ours));
      if (files === few)
        rows.push(rowOf("Millrace, emulated S3 to emulated S3", files, await toS3(folder, archive, rounds)));
      peaks.push(Math.max(...ours.map(({ peakBytes }) => peakBytes / megabyte)));
    }
    const table = {
      title: "Unpacking poems of 10 KB, from the start of the process to its end",
      columns: ["", "files", "files/s", "CPU ms a file", "peak MB"],
      rows,
      notes: [
        `Median (min–max) of ${rounds} rounds, in turns. Millrace reads the archive twice, for its checksum and for its`,
        "files, and checks, hashes and catalogues each. CPU is that of the process, without the emulator's.",
      ],
    };
    const over = peaks.filter((peak) => peak > memoryBudget);
    return {
      tables: [table],
      overBudget: over.map((peak) => `${peak.toFixed(0)} MB; the budget is ${memoryBudget}`),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
