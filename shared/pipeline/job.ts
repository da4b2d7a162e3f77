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
 */
const resourceFields = {
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

export const resources = bareResources.superRefine(({ queue, spot, onDemandAfter }, context) => {
  if (isSpotQueue(queue)) return;
  const name = spot === false ? "spot" : "onDemandAfter";
  if (spot !== false && onDemandAfter === undefined) return;
  const known = Object.keys(onDemandQueues).join(", ");
  const message = `queue "${queue}" has no queue on demand beside it (${known} have): leave ${name} out`;
  context.addIssue({ code: "custom", path: [name], message });
});
export type Resources = z.infer<typeof resources>;

/** Whether a job has its CPU resources instead of the GPU that it asked for: see `withoutGpus`. */
export function isInsteadOfGpu({ withoutGpu, gpus }: Resources): boolean {
  return withoutGpu !== undefined && gpus === 0;
}

/**
 * Memory sizes that a job's attempts get, in MiB. The first attempt gets the first size; after an attempt that ran out
 * of memory, the next attempt gets the next size.
 */
export function memorySizes({ memory }: Resources): readonly number[] {
  return typeof memory === "number" ? [memory] : memory;
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
