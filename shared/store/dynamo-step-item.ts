import * as z from "zod";
import type { Json } from "../pipeline/json.ts";
import type { LossCause, StepRecord, StoredValue } from "../state/step-record.ts";
import { runIdFromKey, stepFromKey, stepKey } from "./dynamo-keys.ts";
import { jsonText } from "./dynamo-run-item.ts";
import type { StoredStep, Version } from "./run-store.ts";

const childRun = z.object({ runId: z.string(), epoch: z.int().positive() });
const lossCauses = [
  "worker",
  "spot",
  "image",
  "start",
  "job",
  "capacity",
  "throttling",
  "memory",
] as const satisfies readonly LossCause[];

const jobAttempt = z.object({
  epoch: z.int().positive(),
  attempt: z.int().positive(),
  job: z.string(),
  state: z.enum(["SUCCEEDED", "FAILED"]),
  vcpus: z.number(),
  memory: z.number(),
  gpus: z.number().exactOptional(),
  queue: z.string(),
  image: z.string().exactOptional(),
  usage: z.object({ peakMemoryBytes: z.number(), cpuSeconds: z.number() }).exactOptional(),
  reason: z.string().exactOptional(),
  tries: z.array(
    z.object({
      log: z.string().exactOptional(),
      startedAt: z.number().exactOptional(),
      endedAt: z.number().exactOptional(),
      reason: z.string().exactOptional(),
    }),
  ),
});

/** A yes or no to an approval, as a record keeps it. */
const answer = z.object({
  approved: z.boolean(),
  by: z.string(),
  at: z.string(),
  comment: z.string().exactOptional(),
});

const facts = z.object({
  pk: runIdFromKey,
  sk: stepFromKey,
  version: z.string(),
  epoch: z.int().positive(),
  attempt: z.int().positive(),
  failures: z.int().nonnegative(),
  losses: z.partialRecord(z.enum(lossCauses), z.int().nonnegative()).exactOptional(),
  passes: z.int().nonnegative().exactOptional(),
  child: childRun.exactOptional(),
  jobAttempts: z.array(jobAttempt).exactOptional(),
  answer: answer.exactOptional(),
  list: z.string().exactOptional(),
  startedAt: z.string(),
});
const children = z.int().nonnegative();
const stepError = z.object({
  name: z.string(),
  message: z.string(),
  stack: z.array(z.string()).exactOptional(),
  log: z.string().exactOptional(),
});
/** Where a cached result came from. */
export const cacheSource = z.object({ runId: z.string(), step: z.string(), index: z.int().nonnegative() });

const withResult = facts.extend({ endedAt: z.string(), children: children.exactOptional() });
const succeeded = withResult.extend({ state: z.literal("SUCCEEDED") });
const cached = withResult.extend({ state: z.literal("CACHED"), cachedFrom: cacheSource });
const valued = <R extends { value: Json }>({ value, ...record }: R) => ({ ...record, output: { value } });
const located = <R extends { uri: string }>({ uri, ...record }: R) => ({ ...record, output: { uri } });

/** The kinds of records, told apart by their holder and state. */
const stepItem = z
  .union([
    facts.extend({
      holder: z.literal("worker"),
      state: z.enum(["RUNNING", "SUBMITTED"]),
      leaseUntil: z.number(),
      refusals: z.int().nonnegative().exactOptional(),
    }),
    facts.extend({
      holder: z.literal("jobs"),
      state: z.enum(["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"]),
      jobs: z.array(z.object({ id: z.string(), name: z.string() })),
      children: children.exactOptional(),
      runnableSince: z.number().exactOptional(),
      runningSince: z.number().exactOptional(),
      log: z.string().exactOptional(),
    }),
    facts.extend({ holder: z.literal("children"), state: z.literal("RUNNING"), children }),
    facts.extend({ holder: z.literal("run"), state: z.literal("RUNNING"), child: childRun }),
    facts.extend({ holder: z.literal("clock"), state: z.literal("RUNNING"), wakeAt: z.number() }),
    facts.extend({
      holder: z.literal("object"),
      state: z.literal("RUNNING"),
      uri: z.string(),
      deadlineAt: z.number(),
    }),
    facts.extend({
      holder: z.literal("person"),
      state: z.literal("PAUSED"),
      message: z.string(),
      deadlineAt: z.number(),
    }),
    facts.extend({ state: z.literal("RETRYING"), retryAt: z.number(), error: stepError }),
    succeeded.extend({ value: jsonText }).transform(valued),
    succeeded.extend({ uri: z.string() }).transform(located),
    cached.extend({ value: jsonText }).transform(valued),
    cached.extend({ uri: z.string() }).transform(located),
    facts.extend({
      state: z.enum(["FAILED", "TIMED_OUT", "SKIPPED", "CANCELLED"]),
      endedAt: z.string(),
      error: stepError.exactOptional(),
      children: children.exactOptional(),
    }),
  ])
  .transform(({ pk: runId, sk, ...record }): StoredStep => ({ runId, ...sk, ...record }));

/** The record of an item as DynamoDB gave it. @throws ZodError for anything else */
export const storedStepOf = (item: unknown): StoredStep => stepItem.parse(item);

/** Just the version of a record's item. @throws ZodError for anything else */
export const versionOf = (item: unknown): Version => facts.pick({ version: true }).parse(item).version;

/** The attributes that a result is kept in. */
export const outputAttributes = (output: StoredValue) =>
  "uri" in output ? { uri: output.uri } : { value: JSON.stringify(output.value) };

/** The item of a step record. */
export function stepItemOf(record: StepRecord, version: Version) {
  const { runId, step, index, ...rest } = record;
  const key = stepKey({ runId, step, index });
  if (!("output" in rest)) return { ...rest, ...key, version };
  const { output, ...succeededRest } = rest;
  return { ...succeededRest, ...outputAttributes(output), ...key, version };
}
