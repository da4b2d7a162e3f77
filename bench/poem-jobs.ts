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

/** The start of a command that finds the jobs' code. Its threads wait for one another like those of `poem_model`. */
export const withJobs = ["env", `PYTHONPATH=${sources}`, "OMP_WAIT_POLICY=PASSIVE"];

// In a shell, artifacts are files. The contracts are for jobs on AWS and don't accept files, so these schemas have what
// a bench reads of the outputs.
const part = z.looseObject({ poems: z.int(), tokenCount: z.int(), bytes: z.int() });
const lake = poems.unzip.output.pick({ lake: true, files: true, bytes: true }).extend({
  manifest: z.object({ uri: z.string() }),
});
const manifest = z.object({ catalogue: poem_model.tokenise.input.shape.poems.shape.catalogue });
const tokens = z.object({ tokeniser: z.looseObject({}), train: part, validation: part });
const trained = poem_model.train.output
  .pick({ metrics: true, precision: true })
  .extend({ model: z.looseObject({}) });
const scores = poem_model.evaluate.output.omit({ report: true });
const written = z.object({ poems: z.object({ uri: z.string() }) });
const settings = poem_model.train.input.omit({ tokeniser: true, train: true });

/** A lake of poems in a folder. */
export type Lake = z.infer<typeof lake>;
/** The poems of one form as tokens. */
export type Tokens = z.infer<typeof tokens>;
export type Trained = z.infer<typeof trained>;
type Settings = z.input<typeof settings>;

/** Installs what `npm run setup -- --torch` installs, unless it's already there. */
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

/** Runs a job from a shell, as batch-jobs/README.md says. @returns what the process used, and the job's output */
async function runJob<Output extends object>(
  folder: string,
  { name }: { name: string },
  input: unknown,
  output: z.ZodType<Output>,
): Promise<Taken & Output> {
  const file = await writeInput(folder, name, input);
  const command = [python, "-m", ...name.split("."), "--input", file, "--output", join(folder, name)];
  const run = await measured([...withJobs, ...command]);
  return { ...run, ...output.parse(JSON.parse(run.output)) };
}

/** Unpacks the poems of a zip into a lake in a folder. */
export async function unzipped(folder: string, archive: string): Promise<Taken & Lake> {
  return runJob(folder, poems.unzip, poems.unzip.input.parse({ archive: { uri: archive } }), lake);
}

/** Turns the poems of one form of a lake into tokens. */
export async function tokenised(
  folder: string,
  { lake, manifest: { uri } }: Lake,
  form: string,
): Promise<Taken & Tokens> {
  const { catalogue } = manifest.parse(JSON.parse(await readFile(uri, "utf8")));
  const asked = poem_model.tokenise.input.parse({ poems: { lake, catalogue, form } });
  return runJob(folder, poem_model.tokenise, asked, tokens);
}

/** The input of `poem_model.train`. Unless `changes` differs, it evaluates only at the end and saves no checkpoint. */
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

/** Trains with the job. @returns what the process used, what part of that was training, and what the job reports */
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

/** Evaluates a model on the held-out poems. */
export async function evaluate(
  folder: string,
  { model }: Trained,
  { train, validation }: Tokens,
): Promise<Taken & z.infer<typeof scores>> {
  const { threads } = poem_model.evaluate.input.pick({ threads: true }).parse({});
  return runJob(folder, poem_model.evaluate, { model, train, validation, threads }, scores);
}

/** Lets a model write poems. */
export async function sample(
  folder: string,
  { model }: Trained,
  count: number,
): Promise<Taken & { poems: string[] }> {
  const settings = poem_model.sample.input.omit({ model: true }).parse({ count });
  const run = await runJob(folder, poem_model.sample, { model, ...settings }, written);
  return { ...run, poems: z.array(z.string()).parse(JSON.parse(await readFile(run.poems.uri, "utf8"))) };
}
