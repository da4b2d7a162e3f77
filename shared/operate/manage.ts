import * as z from "zod";
import type { Engine } from "../engine.ts";
import { parseRequest } from "../platform/parse-request.ts";
import type { StoredSchedule } from "../schedule/schedule-store.ts";
import { setScheduleActive } from "../schedule/set-schedule.ts";
import type { Run, RunState } from "../state/run.ts";
import { approveStep } from "./approve-step.ts";
import { cancelRun } from "./cancel-run.ts";
import { type ChangedLimit, changeLimit } from "./change-limit.ts";
import { type ModelAnswer, manageModels, modelRequests } from "./manage-models.ts";
import { pauseRun, resumeRun } from "./pause-run.ts";
import { retryRun } from "./retry-run.ts";

const runId = z.string().min(1);

/** What operators can ask for. */
export const manageRequest = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("cancel"), runId }),
  z.strictObject({ action: z.literal("retry"), runId }),
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
    action: z.literal("limit"),
    /** A pipeline or a work queue: `pipeline/ridge-sweep`, `queue/gpu`. */
    limit: z.string().regex(/^(pipeline|queue)\/[a-z][a-z0-9-]{0,39}$/),
    /** Runs at once; null gives the limit back to the definitions. */
    slots: z.int().min(0).max(1_000_000).nullable(),
  }),
  z.strictObject({
    action: z.literal("schedule"),
    pipeline: z.string().min(1),
    name: z.string().min(1).default("default"),
    active: z.boolean(),
  }),
  ...modelRequests,
]);

/** A run as an operator is told of it. */
export type ManagedRun = { runId: string; pipeline: string; state: RunState; epoch: number };

function told({ runId, pipeline, state, epoch }: Run): ManagedRun {
  return { runId, pipeline, state, epoch };
}

/**
 * Does what an operator asks for.
 *
 * @throws RequestError for a request of another form, and what the action itself throws; nothing was done then
 */
export async function manage(
  engine: Engine,
  request: unknown,
): Promise<ManagedRun | StoredSchedule | ChangedLimit | ModelAnswer> {
  const asked = parseRequest(manageRequest, request);
  if (asked.action === "cancel") return told(await cancelRun(engine, asked.runId));
  if (asked.action === "retry") return told(await retryRun(engine, asked.runId));
  if (asked.action === "pause") return told(await pauseRun(engine, asked.runId));
  if (asked.action === "resume") return told(await resumeRun(engine, asked.runId));
  if (asked.action === "limit") return changeLimit(engine, asked.limit, asked.slots);
  if (asked.action === "approve") {
    const { action: _action, comment, ...answer } = asked;
    return told(await approveStep(engine, { ...answer, ...(comment !== undefined && { comment }) }));
  }
  if (asked.action === "schedule") return setScheduleActive(engine, asked);
  return manageModels(engine, asked);
}
