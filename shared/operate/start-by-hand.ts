import * as z from "zod";
import { canonicalJson, isJsonObject, type Json } from "../pipeline/json.ts";
import { tags } from "../pipeline/tag.ts";
import { parseRequest, RequestError } from "../platform/parse-request.ts";
import type { Engine } from "../ports/engine.ts";
import { checkedParams, type StartedRun, startRun } from "../run/start-run.ts";
import type { StartedByHand } from "./run-answer.ts";

/** A time with its offset, in ISO 8601. */
export const requestedTime = z.iso.datetime({
  offset: true,
  error: ({ input }) =>
    `is ${JSON.stringify(input)}; it takes a time such as 2021-10-04T16:21:00Z or 2021-10-04T18:21:00+02:00`,
});

/** A request to start a run. */
export const startRequest = z.strictObject({
  pipeline: z.string().min(1),
  params: (z.json() as z.ZodType<Json>).optional(),
  /** The time that the run is for. If it's given, the same pipeline, time and key start only one run. */
  scheduledAt: requestedTime.optional(),
  /**
   * When the run was requested, by the caller's clock; for a run without `scheduledAt`. A request that is sent again, as
   * clients of AWS do if an answer is lost, then starts no second run.
   */
  requestedAt: requestedTime.optional(),
  /** Distinguishes runs of one pipeline and time. */
  key: z.string().max(200).default(""),
  name: z.string().min(1).max(200).optional(),
  /** Priority in its work queue, 1 first; the default is its pipeline's. */
  priority: z.int().min(1).max(100).optional(),
  /** Whether the run ignores cached results, and replaces them. */
  refresh: z.boolean().default(false),
  /** Tags in addition to its pipeline's. */
  tags: tags.default([]),
});

/** Maximum number of characters to show of a param. */
const maxShown = 60;

const textOf = (value: Json | undefined) => (value === undefined ? "absent" : canonicalJson(value));
const cut = (text: string) => (text.length <= maxShown ? text : `${text.slice(0, maxShown - 1)}…`);

/** The differences between a run's params and the requested ones, both with defaults, in words. */
function differences(existing: Json, requested: Json): string[] {
  const line = (name: string, own: Json | undefined, other: Json | undefined) =>
    textOf(own) === textOf(other) ? [] : [`${name} is ${cut(textOf(own))}, not ${cut(textOf(other))}`];
  if (!isJsonObject(existing) || !isJsonObject(requested)) return line("params", existing, requested);
  const names = [...new Set([...Object.keys(existing), ...Object.keys(requested)])].sort();
  return names.flatMap((name) => line(`params.${name}`, existing[name], requested[name]));
}

/**
 * Maximum difference between the caller's clock and ours, in milliseconds: AWS refuses requests whose signature is five
 * minutes old or more (AWS General Reference, "Signature Version 4").
 */
const maxClockDifference = 5 * 60_000;

/**
 * The time that a run is for.
 *
 * @throws RequestError if the caller's clock is wrong
 */
function timeOf(
  { clock }: Engine,
  { scheduledAt, requestedAt }: Pick<z.infer<typeof startRequest>, "scheduledAt" | "requestedAt">,
): { scheduledAt?: string; atOnce?: boolean } {
  if (scheduledAt !== undefined) return { scheduledAt };
  if (requestedAt === undefined) return {};
  if (Math.abs(Date.parse(requestedAt) - clock.now()) <= maxClockDifference)
    return { scheduledAt: requestedAt, atOnce: true };
  const now = new Date(clock.now()).toISOString();
  throw new RequestError(`requestedAt is ${requestedAt}, but it is ${now}`, {
    remedy: "Set the clock of the machine that sends the request.",
  });
}

/** The answer for a run that had already been started. */
async function startedBefore(
  engine: Engine,
  run: StartedRun,
  pipeline: string,
  params: Json,
): Promise<StartedByHand> {
  const definition = engine.pipelines.get(pipeline);
  const stored = await engine.store.getRun(run.runId);
  if (definition === undefined || stored === undefined) return run;
  const differs = differences(stored.params, checkedParams(definition, params));
  if (differs.length === 0) return run;
  const remedy = "the params asked for were not used; start it for another time, or with a key of its own";
  return { ...run, differs, remedy };
}

/**
 * Starts a run that a person or a program requested, or finds the one that already started for the same pipeline, time
 * and key.
 *
 * @throws RequestError, PipelineNotFoundError, ParamsError; nothing was started then
 */
export async function startByHand(engine: Engine, request: unknown): Promise<StartedByHand> {
  const { pipeline, params, scheduledAt, requestedAt, key, name, priority, ...others } = parseRequest(
    startRequest,
    request,
  );
  const run = await startRun(engine, {
    pipeline,
    cause: { kind: "manual" },
    causeKey: key,
    ...others,
    ...(priority !== undefined && { priority }),
    ...(params !== undefined && { params }),
    ...timeOf(engine, { scheduledAt, requestedAt }),
    ...(name !== undefined && { name }),
  });
  return run.created ? run : startedBefore(engine, run, pipeline, params ?? {});
}
