import * as z from "zod";
import type { StepRecord, StoredValue } from "../state/step-record.ts";
import { runIdFromKey, stepFromKey, stepKey } from "./dynamo-keys.ts";
import { jsonText } from "./dynamo-run-item.ts";
import type { StoredStep, Version } from "./run-store.ts";

const facts = z.object({
  pk: runIdFromKey,
  sk: stepFromKey,
  version: z.string(),
  epoch: z.int().positive(),
  attempt: z.int().positive(),
  failures: z.int().nonnegative(),
  startedAt: z.string(),
});
const children = z.int().nonnegative();
const stepError = z.object({
  name: z.string(),
  message: z.string(),
  stack: z.array(z.string()).exactOptional(),
  log: z.string().exactOptional(),
});
const succeeded = facts.extend({
  state: z.literal("SUCCEEDED"),
  endedAt: z.string(),
  children: children.exactOptional(),
});

/** The kinds of records, told apart by their holder and state. */
const stepItem = z
  .union([
    facts.extend({
      holder: z.literal("worker"),
      state: z.enum(["RUNNING", "SUBMITTED"]),
      leaseUntil: z.number(),
    }),
    facts.extend({
      holder: z.literal("jobs"),
      state: z.enum(["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"]),
      jobs: z.array(z.object({ id: z.string(), name: z.string() })),
      children: children.exactOptional(),
      runnableSince: z.number().exactOptional(),
    }),
    facts.extend({ holder: z.literal("children"), state: z.literal("RUNNING"), children }),
    facts.extend({ state: z.literal("RETRYING"), retryAt: z.number(), error: stepError }),
    succeeded
      .extend({ value: jsonText })
      .transform(({ value, ...record }) => ({ ...record, output: { value } })),
    succeeded.extend({ uri: z.string() }).transform(({ uri, ...record }) => ({ ...record, output: { uri } })),
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

const outputAttributes = (output: StoredValue) =>
  "uri" in output ? { uri: output.uri } : { value: JSON.stringify(output.value) };

/** The item of a step record. */
export function stepItemOf(record: StepRecord, version: Version) {
  const { runId, step, index, ...rest } = record;
  const key = stepKey({ runId, step, index });
  if (rest.state !== "SUCCEEDED") return { ...rest, ...key, version };
  const { output, ...succeededRest } = rest;
  return { ...succeededRest, ...outputAttributes(output), ...key, version };
}
