import * as z from "zod";
import { tagsText } from "../pipeline/tag.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { StepIndex } from "../state/step-record.ts";

/** The step, or the child of a map, and the attempt that a Batch job works for. */
export type JobIdentity = {
  runId: string;
  step: string;
  index: number;
  epoch: number;
  attempt: number;
};

/** Maximum length of the list of indices in a job's environment: Batch allows 8,192 characters for all overrides. */
const maxIndicesText = 2000;

/** Ascending indices as text: `0-5,9`. */
export function formatIndices(indices: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const index of indices) {
    const range = ranges.at(-1);
    if (range !== undefined && index === range[1] + 1) range[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** The index at a position of a text such as `0-5,9`; undefined beyond its end. */
export function indexAt(text: string, place: number): number | undefined {
  let left = place;
  for (const range of text.split(",")) {
    const [first = 0, last = first] = range.split("-").map(Number);
    if (left <= last - first) return first + left;
    left -= last - first + 1;
  }
  return undefined;
}

/** Max. number of children of an array job of AWS Batch. */
const maxArray = 10_000;

/** Splits indices so that each part fits an array job: at most `max` children and a short text. */
export function splitForArrays(indices: readonly number[], max = maxArray): number[][] {
  if (indices.length <= 1 || (indices.length <= max && formatIndices(indices).length <= maxIndicesText)) {
    return [[...indices]];
  }
  const middle = Math.ceil(indices.length / 2);
  return [...splitForArrays(indices.slice(0, middle), max), ...splitForArrays(indices.slice(middle), max)];
}

/**
 * The name of a job. The same work always has the same name, so that its job can be found again. At most 128 letters,
 * digits, `-` and `_`, as AWS Batch requires.
 */
export function jobName(
  {
    runId,
    step,
    index,
    epoch,
    attempt,
  }: { runId: string; step: string; index: StepIndex; epoch: number; attempt: number },
  part: number,
): string {
  const name = `${runId}-${step}-${index}-${epoch}-${attempt}${part === 0 ? "" : `-p${part}`}`;
  return name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 128);
}

/** Environment of a job, as docs/batch-jobs.md defines it. */
export function jobEnvironment(facts: {
  pipeline: string;
  runId: string;
  step: string;
  job: string;
  epoch: number;
  attempt: number;
  indices: readonly number[];
  input: string;
  output: string;
  /** Tags of the step, from its definition. */
  tags?: readonly string[];
  /** Version of the family's code, if known. */
  version?: string;
}): Record<string, string> {
  return {
    ...(facts.tags !== undefined && { MILLRACE_TAGS: tagsText(facts.tags) }),
    MILLRACE_PIPELINE: facts.pipeline,
    MILLRACE_RUN_ID: facts.runId,
    MILLRACE_STEP: facts.step,
    MILLRACE_JOB: facts.job,
    MILLRACE_EPOCH: String(facts.epoch),
    MILLRACE_ATTEMPT: String(facts.attempt),
    MILLRACE_INDICES: formatIndices(facts.indices),
    MILLRACE_INPUT: facts.input,
    MILLRACE_OUTPUT: facts.output,
    ...(facts.version !== undefined && { MILLRACE_VERSION: facts.version }),
  };
}

const ours = z.object({
  MILLRACE_RUN_ID: z.string().min(1),
  MILLRACE_STEP: z.string().min(1),
  MILLRACE_INDICES: z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/),
  MILLRACE_EPOCH: z.coerce.number().int().positive(),
  MILLRACE_ATTEMPT: z.coerce.number().int().positive(),
});

/** The version of its family's code that a job was submitted for; undefined if it was unknown. */
export function versionOf({ environment }: JobDetail): string | undefined {
  return environment.MILLRACE_VERSION;
}

/** The owner of a job: a run in an epoch, and one attempt in it. An array job as a whole has no single attempt. */
export type JobOwner = { readonly runId: string; readonly epoch: number; readonly job?: JobIdentity };

/** The owner of a job; undefined for jobs that aren't ours. */
export function ownerOf({ environment, arraySize, arrayIndex = 0 }: JobDetail): JobOwner | undefined {
  const facts = ours.safeParse(environment).data;
  if (facts === undefined) return undefined;
  const { MILLRACE_RUN_ID: runId, MILLRACE_EPOCH: epoch } = facts;
  if (arraySize !== undefined) return { runId, epoch };
  const index = indexAt(facts.MILLRACE_INDICES, arrayIndex);
  if (index === undefined) return undefined;
  const { MILLRACE_STEP: step, MILLRACE_ATTEMPT: attempt } = facts;
  return { runId, epoch, job: { runId, step, index, epoch, attempt } };
}

/** The attempt that a job works for. Undefined for jobs that aren't ours, and for an array job as a whole. */
export function identityOf(job: JobDetail): JobIdentity | undefined {
  return ownerOf(job)?.job;
}

/** Indices of the mapped children that a job covers, in the order of its array. Empty for jobs that aren't ours. */
export function indicesOf(job: JobDetail): number[] {
  const text = ours.safeParse(job.environment).data?.MILLRACE_INDICES;
  return (text?.split(",") ?? []).flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  });
}
