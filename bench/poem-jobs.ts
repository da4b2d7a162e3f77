import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { poem_model } from "../batch-jobs/poem_model/contract.ts";
import { poems } from "../batch-jobs/poems/contract.ts";
import { measured, type Taken } from "./measured.ts";

const root = join(import.meta.dirname, "..");
const sources = ["batch-jobs", "batch-jobs/sdk"].map((each) => join(root, each)).join(":");

export const python = join(root, ".venv/bin/python");

/** Begins a command that finds the code of the jobs; its threads wait for one another as those of `poem_model` do. */
export const withJobs = ["env", `PYTHONPATH=${sources}`, "OMP_WAIT_POLICY=PASSIVE"];

// From a shell artifacts are files, which the contracts, of jobs on AWS, do not take. What a bench reads of the outputs:
const part = z.looseObject({ poems: z.int(), tokenCount: z.int(), bytes: z.int() });
const unzipped = z.object({ lake: z.string(), manifest: z.object({ uri: z.string() }) });
const manifest = z.object({ catalogue: poem_model.tokenise.input.shape.poems.shape.catalogue });
const tokens = z.object({ tokeniser: z.looseObject({}), train: part, validation: part });
const trained = poem_model.train.output.pick({ metrics: true, precision: true });
const settings = poem_model.train.input.omit({ tokeniser: true, train: true });

/** The poems of one form as tokens. */
export type Tokens = z.infer<typeof tokens>;
export type Trained = z.infer<typeof trained>;
type Settings = z.input<typeof settings>;

/** Installs what `npm run setup -- --torch` does, unless it is there. */
export async function installTorch(): Promise<void> {
  await execa(process.execPath, [join(root, "local/setup.mjs"), "--torch"], { stdout: process.stderr });
}

/** Writes the input of a job below a folder. @returns the file */
export async function writeInput(folder: string, name: string, input: unknown): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(input));
  return file;
}

/** Runs a job from a shell, as batch-jobs/README.md says. */
async function runJob(name: string, file: string, out: string): Promise<Taken> {
  return measured([...withJobs, python, "-m", ...name.split("."), "--input", file, "--output", out]);
}

/** The poems of one form of a zip, unpacked into a lake in a folder, as tokens. */
export async function tokenised(folder: string, archive: string, form: string): Promise<Tokens> {
  const unzip = await writeInput(folder, "unzip", poems.unzip.input.parse({ archive: { uri: archive } }));
  const { output } = await runJob(poems.unzip.name, unzip, join(folder, "unzip"));
  const lake = unzipped.parse(JSON.parse(output));
  const { catalogue } = manifest.parse(JSON.parse(await readFile(lake.manifest.uri, "utf8")));
  const asked = poem_model.tokenise.input.parse({ poems: { lake: lake.lake, catalogue, form } });
  const tokenise = await writeInput(folder, "tokenise", asked);
  const run = await runJob(poem_model.tokenise.name, tokenise, join(folder, "tokenise"));
  return tokens.parse(JSON.parse(run.output));
}

/** What `poem_model.train` gets. It looks once, at the end, and saves no checkpoint, unless `changes` says so. */
export function inputOf(
  { tokeniser, train }: Tokens,
  changes: { steps: number } & { [Name in keyof Settings]?: Settings[Name] | undefined },
): object {
  const { steps } = changes;
  return {
    ...{ tokeniser, train },
    ...settings.parse({ evaluateSteps: steps, checkpointSteps: steps, ...changes }),
  };
}

/** Trains by the job. @returns what the process took, what training took of that, and what the job says */
export async function train(
  file: string,
  out: string,
): Promise<Taken & Trained & { trainingCpuSeconds: number }> {
  const took = `${file}.took`;
  const timed = [join(root, "bench/poem_model/timed_job.py"), took, "train"];
  const run = await measured([...withJobs, python, ...timed, "--input", file, "--output", out]);
  const trainingCpuSeconds = Number(await readFile(took, "utf8"));
  return { ...run, ...trained.parse(JSON.parse(run.output)), trainingCpuSeconds };
}
