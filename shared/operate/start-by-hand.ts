import * as z from "zod";
import type { Engine } from "../engine.ts";
import type { Json } from "../pipeline/json.ts";
import { tags } from "../pipeline/tag.ts";
import { parseRequest } from "../platform/parse-request.ts";
import { type StartedRun, startRun } from "../run/start-run.ts";

/** A time with its offset, as ISO 8601 has it. */
export const timeAsked = z.iso.datetime({
  offset: true,
  error: ({ input }) =>
    `is ${JSON.stringify(input)}; it takes a time such as 2021-10-04T16:21:00Z or 2021-10-04T18:21:00+02:00`,
});

/** A request to start a run. */
export const startRequest = z.strictObject({
  pipeline: z.string().min(1),
  params: (z.json() as z.ZodType<Json>).optional(),
  /** The time that the run is for. With one, the same pipeline and time start only one run. */
  scheduledAt: timeAsked.optional(),
  /** Tells runs of one pipeline and time apart. */
  key: z.string().max(200).default(""),
  name: z.string().min(1).max(200).optional(),
  /** Place in its work queue, 1 first, in place of its pipeline's. */
  priority: z.int().min(1).max(100).optional(),
  /** Takes no cached results, and replaces them. */
  refresh: z.boolean().default(false),
  /** Tags besides those of its pipeline. */
  tags: tags.default([]),
});

/**
 * Starts a run that a person or a program asked for.
 *
 * @throws RequestError, PipelineNotFoundError, ParamsError; nothing was started then
 */
export function startByHand(engine: Engine, request: unknown): Promise<StartedRun> {
  const { pipeline, params, scheduledAt, key, name, priority, ...others } = parseRequest(
    startRequest,
    request,
  );
  return startRun(engine, {
    pipeline,
    cause: { kind: "manual" },
    causeKey: key,
    ...others,
    ...(priority !== undefined && { priority }),
    ...(params !== undefined && { params }),
    ...(scheduledAt !== undefined && { scheduledAt }),
    ...(name !== undefined && { name }),
  });
}
