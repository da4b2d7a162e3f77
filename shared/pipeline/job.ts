import * as z from "zod";
import { isJsonObject, type Json } from "./json.ts";
import { unknownKeys, unknownOptions } from "./known-options.ts";
import { errorOf } from "./millrace-error.ts";

/** An object in S3 that a step made: exact version, checksum (hex SHA-256), size in bytes and media type. */
export const artifact = z.object({
  uri: z.string().startsWith("s3://"),
  versionId: z.string().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  mediaType: z.string(),
});
export type Artifact = z.infer<typeof artifact>;

/** Every artifact in a value, in order of appearance. */
export function artifactsIn(value: Json): Artifact[] {
  const parsed = artifact.safeParse(value);
  if (parsed.success) return [parsed.data];
  if (!isJsonObject(value) && !Array.isArray(value)) return [];
  return Object.values(value).flatMap((part: Json = null) => artifactsIn(part));
}

/** The on-demand queue for each Spot queue: `custom.environment.jobQueues` in serverless.yml. */
const onDemandQueues: Readonly<Record<string, string>> = { cpu: "cpu-on-demand", gpu: "gpu-on-demand" };

/** The on-demand queue for a Spot queue; undefined for a queue that has none. */
export function onDemandQueue(queue: string): string | undefined {
  return Object.hasOwn(onDemandQueues, queue) ? onDemandQueues[queue] : undefined;
}

/** Whether a queue's machines are Spot machines. */
export const isSpotQueue = (queue: string) => onDemandQueue(queue) !== undefined;

/** The queue of jobs that are calls of Lambda functions. */
export const functionQueue = "lambda";

/**
 * Memory of each family's Lambda function, in MiB. Lambda allows 10,240, but new accounts may have no more than this, and
 * their deployment would fail.
 */
export const functionMemory = 3008;

/** vCPUs that Lambda gives with {@link functionMemory}: one for each 1,769 MiB. */
export const functionVcpus = Math.round((functionMemory / 1769) * 10) / 10;

/** Maximum number of seconds that Lambda lets a function run. */
export const maxFunctionSeconds = 900;

/** MiB: one size, or a list of growing sizes. */
const memory = z.union([
  z.int().positive(),
  z
    .array(z.int().positive())
    .min(1)
    .max(10)
    .refine((sizes) => sizes.every((size, place) => place === 0 || size > (sizes[place - 1] ?? 0)), {
      error: "sizes of memory grow",
    }),
]);

/**
 * The resources that a Batch job gets. Memory is in MiB; with a list of growing sizes, an attempt that follows one that
 * ran out of memory gets the next size. The timeout, in seconds, starts when the job begins to run. After
 * `onDemandAfter` Spot machines (3 if omitted) were taken back, the job gets an on-demand machine; with `spot: false`
 * it gets one from the start.
 *
 * With `runs: "lambda"`, the job is a call of its family's Lambda function, which has 3,008 MiB and 900 seconds. With
 * `"auto"`, it is one if its first size of memory and its timeout fit and it needs no GPU. If an attempt runs out of
 * memory or time there, the next one gets a machine of AWS Batch.
 */
const resourceFields = {
  runs: z.enum(["batch", "lambda", "auto"]).optional(),
  vcpus: z.number().positive(),
  memory,
  gpus: z.int().nonnegative().default(0),
  timeoutSeconds: z.int().min(60).default(3600),
  queue: z.string().default("cpu"),
  spot: z.boolean().optional(),
  onDemandAfter: z.int().min(1).max(20).optional(),
  /** Resources in a stage without GPUs, on the queue `cpu`. If omitted, the job waits for a GPU there too. */
  withoutGpu: z.strictObject({ vcpus: z.number().positive(), memory }).optional(),
};
const bareResources = z.strictObject(resourceFields, { error: unknownKeys(resourceFields) });

/** Why a job can't be a call of a Lambda function, by the field that says so. */
function tooMuchForLambda({
  gpus,
  memory,
  timeoutSeconds,
}: z.output<typeof bareResources>): Map<string, string> {
  const [first = 0] = typeof memory === "number" ? [memory] : memory;
  const problems = new Map<string, string>();
  const check = (field: string, asked: number, has: number) => {
    if (asked > has) problems.set(field, `is ${asked}, and Lambda has ${has}`);
  };
  check("gpus", gpus, 0);
  check("memory", first, functionMemory);
  check("timeoutSeconds", timeoutSeconds, maxFunctionSeconds);
  return problems;
}

export const resources = bareResources.superRefine((given, context) => {
  const add = (name: string, message: string) => context.addIssue({ code: "custom", path: [name], message });
  for (const [field, problem] of given.runs === "lambda" ? tooMuchForLambda(given) : [])
    add(field, `${problem}: say less, or runs: "auto" or "batch"`);
  const { queue, spot, onDemandAfter } = given;
  if (isSpotQueue(queue) || (spot !== false && onDemandAfter === undefined)) return;
  const name = spot === false ? "spot" : "onDemandAfter";
  const known = Object.keys(onDemandQueues).join(", ");
  add(name, `queue "${queue}" has no queue on demand beside it (${known} have): leave ${name} out`);
});
export type Resources = z.infer<typeof resources>;

/** Whether a job's first attempt is a call of a Lambda function. */
export function beginsOnLambda(resources: Resources): boolean {
  if (resources.runs === "auto") return tooMuchForLambda(resources).size === 0;
  return resources.runs === "lambda";
}

/** Whether a job has its CPU resources instead of the GPU that it asked for: see `withoutGpus`. */
export function isInsteadOfGpu({ withoutGpu, gpus }: Resources): boolean {
  return withoutGpu !== undefined && gpus === 0;
}

/**
 * Memory sizes that a job's attempts get, in MiB. The first attempt gets the first size; after an attempt that ran out
 * of memory, the next attempt gets the next size. A job that begins on Lambda has there what its function has, so smaller
 * sizes don't follow.
 */
export function memorySizes(resources: Resources): readonly number[] {
  const sizes = typeof resources.memory === "number" ? [resources.memory] : resources.memory;
  if (!beginsOnLambda(resources)) return sizes;
  const larger = resources.runs === "auto" ? sizes.filter((size) => size > functionMemory) : [];
  return [functionMemory, ...larger];
}

/** A job's contract: what its Python implementation takes, returns and needs. */
export type Job<I extends z.ZodType, O extends z.ZodType> = {
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly resources: Resources;
};

/** A contract whose types don't matter, for example in a list of contracts. */
export type AnyJob = Job<z.ZodType, z.ZodType>;

/** A job contract is wrong. */
export class JobDefinitionError extends errorOf("JOB_DEFINITION") {}

/**
 * Declares the contract of a Batch job that Python implements.
 *
 * @param name family and job, as in `ridge.train`: the folder under `batch-jobs/` and the job within it
 * @throws JobDefinitionError for an invalid name or impossible resources
 *
 * @example
 * ```ts
 * export const sales = {
 *   train: defineJob("sales.train", {
 *     input: z.object({ month: z.string(), alpha: z.number() }),
 *     output: z.object({ r2: z.number(), file: artifact }),
 *     resources: { vcpus: 1, memory: 2048 },
 *   }),
 * };
 * ```
 */
export function defineJob<I extends z.ZodType<Json>, O extends z.ZodType<Json>>(
  name: string,
  contract: { input: I; output: O; resources: z.input<typeof resources> },
): Job<I, O> {
  if (!/^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$/.test(name)) {
    throw new JobDefinitionError(
      `job "${name}": a job's name is family.job in lower case, such as ridge.train`,
    );
  }
  const [unknown] = unknownOptions(contract, { input: true, output: true, resources: true });
  if (unknown !== undefined) throw new JobDefinitionError(`job "${name}": ${unknown}`);
  const parsed = resources.safeParse(contract.resources);
  if (!parsed.success) {
    throw new JobDefinitionError(`job "${name}": resources: ${z.prettifyError(parsed.error)}`);
  }
  return Object.freeze({ name, input: contract.input, output: contract.output, resources: parsed.data });
}

/** The two parts of a job's name. */
export function jobParts(name: string): { family: string; job: string } {
  const [family = "", job = ""] = name.split(".");
  return { family, job };
}
