import * as z from "zod";
import { tag, tags } from "../pipeline/tag.ts";
import { given } from "../platform/given.ts";
import type { Engine } from "../ports/engine.ts";
import type { RunPage } from "../ports/run-store.ts";
import { PipelineNotFoundError } from "../run/run-errors.ts";
import type { StartedRun } from "../run/start-run.ts";
import { type Run, runStates } from "../state/run.ts";
import { approveStep } from "./approve-step.ts";
import { cancelRun } from "./cancel-run.ts";
import { cancelRuns, maxRunsAtOnce, retryRuns } from "./change-runs.ts";
import { pauseRun, resumeRun } from "./pause-run.ts";
import { rerunRun } from "./rerun-run.ts";
import { retryRun } from "./retry-run.ts";
import type { ChangedRuns, ManagedRun, StartedByHand, TaggedRun } from "./run-answer.ts";
import { requestedTime, startByHand, startRequest } from "./start-by-hand.ts";
import { tagRun } from "./tag-run.ts";

const runId = z.string().min(1);
const runIds = z.array(runId).min(1).max(maxRunsAtOnce);
/** A time with any offset, converted to UTC. */
const moment = requestedTime.transform((text) => new Date(text).toISOString());

/** The requests that operators can make about runs. */
export const runRequests = [
  startRequest.extend({ action: z.literal("start") }),
  z.strictObject({ action: z.literal("cancel"), runId }),
  z.strictObject({ action: z.literal("retry"), runId }),
  z.strictObject({ action: z.literal("cancel-runs"), runIds }),
  z.strictObject({ action: z.literal("retry-runs"), runIds }),
  z.strictObject({
    action: z.literal("rerun"),
    runId,
    /** Another key means another run. */
    key: z.string().max(200).default(""),
    /** Whether the run ignores cached results, and replaces them. */
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
    /** Who answers. */
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
    /** Only runs that were requested at this time or later, and before `until`. */
    since: moment.optional(),
    until: moment.optional(),
    limit: z.int().min(1).max(1000).default(20),
    /** The `next` of the previous page. */
    from: z.string().min(1).optional(),
  }),
] as const;
type RunRequest = z.output<(typeof runRequests)[number]>;

/** The answers about runs. */
export type RunAnswer = ManagedRun | ChangedRuns | StartedRun | StartedByHand | TaggedRun | RunPage;

function managedRun({ runId, pipeline, state, epoch }: Run): ManagedRun {
  return { runId, pipeline, state, epoch };
}

async function listRuns(engine: Engine, { limit, from, ...filter }: RequestFields<"runs">): Promise<RunPage> {
  const page = await engine.store.listRuns(given(filter), limit, from);
  // Runs of a pipeline that isn't deployed any more can still be listed.
  const { pipeline } = filter;
  if (page.runs.length === 0 && pipeline !== undefined && !engine.pipelines.has(pipeline))
    throw new PipelineNotFoundError(pipeline, engine.pipelines.keys());
  return page;
}

type RequestFields<A extends RunRequest["action"]> = Omit<Extract<RunRequest, { action: A }>, "action">;

/** The action for each request about runs. Each one documents its own errors; nothing was done then. */
export const runActions: {
  readonly [A in RunRequest["action"]]: (engine: Engine, fields: RequestFields<A>) => Promise<RunAnswer>;
} = {
  start: startByHand,
  cancel: async (engine, { runId }) => managedRun(await cancelRun(engine, runId)),
  retry: async (engine, { runId }) => managedRun(await retryRun(engine, runId)),
  "cancel-runs": (engine, { runIds: ids }) => cancelRuns(engine, ids),
  "retry-runs": (engine, { runIds: ids }) => retryRuns(engine, ids),
  rerun: rerunRun,
  pause: async (engine, { runId }) => managedRun(await pauseRun(engine, runId)),
  resume: async (engine, { runId }) => managedRun(await resumeRun(engine, runId)),
  approve: async (engine, answer) => managedRun(await approveStep(engine, given(answer))),
  tag: tagRun,
  runs: listRuns,
};
