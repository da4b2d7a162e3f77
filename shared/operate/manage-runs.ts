import * as z from "zod";
import type { Engine } from "../engine.ts";
import { tag, tags } from "../pipeline/tag.ts";
import { given } from "../platform/given.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import type { StartedRun } from "../run/start-run.ts";
import { type Run, runStates } from "../state/run.ts";
import type { RunPage } from "../store/run-store.ts";
import { approveStep } from "./approve-step.ts";
import { cancelRun } from "./cancel-run.ts";
import { pauseRun, resumeRun } from "./pause-run.ts";
import { rerunRun } from "./rerun-run.ts";
import { retryRun } from "./retry-run.ts";
import type { ManagedRun, StartedByHand, TaggedRun } from "./run-answer.ts";
import { startByHand, startRequest, timeAsked } from "./start-by-hand.ts";
import { tagRun } from "./tag-run.ts";

const runId = z.string().min(1);
/** A time of any offset, in UTC. */
const moment = timeAsked.transform((text) => new Date(text).toISOString());

/** What operators can ask of runs. */
export const runRequests = [
  startRequest.extend({ action: z.literal("start") }),
  z.strictObject({ action: z.literal("cancel"), runId }),
  z.strictObject({ action: z.literal("retry"), runId }),
  z.strictObject({
    action: z.literal("rerun"),
    runId,
    /** Another key is another run. */
    key: z.string().max(200).default(""),
    /** Takes no cached results, and replaces them. */
    refresh: z.boolean().default(false),
  }),
  z.strictObject({ action: z.literal("pause"), runId }),
  z.strictObject({ action: z.literal("resume"), runId }),
  z.strictObject({
    action: z.literal("approve"),
    runId,
    step: z.string().min(1),
    index: z.int().nonnegative().default(0),
    approved: z.boolean().default(true),
    /** Who says so. */
    by: z.string().min(1).max(200),
    comment: z.string().max(500).optional(),
  }),
  z.strictObject({
    action: z.literal("tag"),
    runId,
    add: tags.default([]),
    remove: z.array(tag).default([]),
  }),
  z.strictObject({
    action: z.literal("runs"),
    pipeline: z.string().min(1).optional(),
    state: z.enum(runStates).optional(),
    tag: tag.optional(),
    /** Asked for at this time or later, and before `until`. */
    since: moment.optional(),
    until: moment.optional(),
    limit: z.int().min(1).max(1000).default(20),
    /** `next` of the page before. */
    from: z.string().min(1).optional(),
  }),
] as const;
export type RunRequest = z.output<(typeof runRequests)[number]>;

/** What is answered about runs. */
export type RunAnswer = ManagedRun | StartedRun | StartedByHand | TaggedRun | RunPage;

function told({ runId, pipeline, state, epoch }: Run): ManagedRun {
  return { runId, pipeline, state, epoch };
}

/**
 * Does what an operator asks of a run.
 *
 * @throws what the action itself throws; nothing was done then
 */
export async function manageRuns(engine: Engine, asked: RunRequest): Promise<RunAnswer> {
  const { action, ...request } = asked;
  switch (asked.action) {
    case "start":
      return startByHand(engine, request);
    case "cancel":
      return told(await cancelRun(engine, asked.runId));
    case "retry":
      return told(await retryRun(engine, asked.runId));
    case "rerun":
      return rerunRun(engine, asked);
    case "pause":
      return told(await pauseRun(engine, asked.runId));
    case "resume":
      return told(await resumeRun(engine, asked.runId));
    case "approve": {
      const { action: _action, ...answer } = asked;
      return told(await approveStep(engine, given(answer)));
    }
    case "tag":
      return tagRun(engine, asked);
    case "runs": {
      const { action: _action, limit, from, ...filter } = asked;
      const page = await engine.store.listRuns(given(filter), limit, from);
      // Runs of a pipeline that is no longer deployed are still there to be listed.
      const { pipeline } = filter;
      if (page.runs.length === 0 && pipeline !== undefined && !engine.pipelines.has(pipeline))
        throw new PipelineNotFoundError(pipeline, engine.pipelines.keys());
      return page;
    }
  }
}
