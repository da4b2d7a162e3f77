import * as z from "zod";
import type { Engine } from "../engine.ts";
import { parseRequest } from "../platform/parse-request.ts";
import { setScheduleActive } from "../schedule/run-schedules.ts";
import type { StoredSchedule } from "../schedule/schedule-store.ts";
import type { Run, RunState } from "../state/run.ts";
import { cancelRun } from "./cancel-run.ts";
import { retryRun } from "./retry-run.ts";

const runId = z.string().min(1);

/** What operators can ask for. */
export const manageRequest = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("cancel"), runId }),
  z.strictObject({ action: z.literal("retry"), runId }),
  z.strictObject({
    action: z.literal("schedule"),
    pipeline: z.string().min(1),
    name: z.string().min(1).default("default"),
    active: z.boolean(),
  }),
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
export async function manage(engine: Engine, request: unknown): Promise<ManagedRun | StoredSchedule> {
  const asked = parseRequest(manageRequest, request);
  if (asked.action === "cancel") return told(await cancelRun(engine, asked.runId));
  if (asked.action === "retry") return told(await retryRun(engine, asked.runId));
  return setScheduleActive(engine, asked);
}
