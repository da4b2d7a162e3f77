import * as z from "zod";
import type { Engine } from "../engine.ts";
import { parseRequest } from "../platform/parse-request.ts";
import { type ModelAnswer, manageModels, modelRequests } from "./manage-models.ts";
import { manageQueues, type QueueAnswer, queueRequests } from "./manage-queues.ts";
import { manageRuns, type RunAnswer, runRequests } from "./manage-runs.ts";
import { manageSchedules, type ScheduleAnswer, scheduleRequests } from "./manage-schedules.ts";

const requests = [...runRequests, ...queueRequests, ...scheduleRequests, ...modelRequests] as const;

/** What operators can ask for. */
export const manageRequest = z.discriminatedUnion("action", requests, {
  error: `is none of ${requests.map(({ shape }) => shape.action.value).join(", ")}`,
});

/**
 * Does what an operator asks for.
 *
 * @throws RequestError for a request of another form, and what the action itself throws; nothing was done then
 */
export async function manage(
  engine: Engine,
  request: unknown,
): Promise<RunAnswer | QueueAnswer | ScheduleAnswer | ModelAnswer> {
  const asked = parseRequest(manageRequest, request);
  switch (asked.action) {
    case "start":
    case "cancel":
    case "retry":
    case "rerun":
    case "pause":
    case "resume":
    case "approve":
    case "tag":
    case "runs":
      return manageRuns(engine, asked);
    case "limit":
    case "queue":
    case "queues":
      return manageQueues(engine, asked);
    case "schedule":
    case "schedules":
    case "backfill":
    case "backfill-cancel":
    case "backfill-resume":
    case "backfill-progress":
    case "backfills":
      return manageSchedules(engine, asked);
    default:
      return manageModels(engine, asked);
  }
}
