import type { Json } from "../../../shared/pipeline/index.ts";
import { hashOf } from "../random.ts";
import { failuresOf, type PureWork, type RetriesSpec } from "./pipeline-spec.ts";

/** The input of a step's work. */
export type WorkInput = { readonly from: readonly Json[]; readonly item?: Json };

/** The result of every step: one value of each kind that other steps can use. */
export type WorkOutput = { v: number; flag: boolean; list: number[]; pad?: string; made?: string };

/**
 * A value as text, without the attempts that made it. The oracle doesn't know the attempts, and no result depends on
 * them.
 */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === "made" ? undefined : part));
}

/** Names the attempt that made a result. */
export const makerOf = (record: { runId: string; epoch: number; attempt: number }) =>
  `${record.runId} ${record.epoch}.${record.attempt}`;

const padding = "x".repeat(5000);

/**
 * The result of one pass of a step's work. The same input gives the same result, and a different one almost never does.
 */
export function outputOf(
  work: PureWork,
  name: string,
  index: number,
  input: WorkInput,
  pass = 0,
): WorkOutput {
  const hash = hashOf(pass, textOf([name, index, input.from, input.item ?? null]));
  return {
    v: hash % 1000,
    flag: (hash & 1024) !== 0,
    list: Array.from({ length: work.list }, (_, place) => (hash + place * 7) % 97),
    ...(work.big && { pad: padding }),
  };
}

/** The outcome of work without faults: a result, or undefined if the step fails. */
export function undisturbed(
  work: PureWork,
  retries: RetriesSpec,
  name: string,
  index: number,
  epoch: number,
  input: WorkInput,
): WorkOutput | undefined {
  const failures = failuresOf(work.failing, index, epoch);
  const how = work.failing?.how;
  const isListed = retries.on === undefined || retries.on.includes(how === "after" ? "RetryAfter" : "Error");
  const isFinal = how === "fatal" || !isListed;
  if (failures > retries.limit || (failures > 0 && isFinal)) return undefined;
  const { passes } = work;
  if (passes === undefined) return outputOf(work, name, index, input);
  const results = Array.from({ length: passes }, (_, pass) => outputOf(work, name, index, input, pass));
  return results.find(({ flag }) => flag);
}
