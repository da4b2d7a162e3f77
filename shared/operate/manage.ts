import * as z from "zod";
import { parseRequest } from "../platform/parse-request.ts";
import type { Engine } from "../ports/engine.ts";
import { type ModelAnswer, modelActions, modelRequests } from "./manage-models.ts";
import { type QueueAnswer, queueActions, queueRequests } from "./manage-queues.ts";
import { type RunAnswer, runActions, runRequests } from "./manage-runs.ts";
import { type ScheduleAnswer, scheduleActions, scheduleRequests } from "./manage-schedules.ts";

const requests = [...runRequests, ...queueRequests, ...scheduleRequests, ...modelRequests] as const;

/** All requests that operators can make. */
export const manageRequest = z.discriminatedUnion("action", requests, {
  error: `is none of ${requests.map(({ shape }) => shape.action.value).join(", ")}`,
});
type ManageRequest = z.output<typeof manageRequest>;
type Action = ManageRequest["action"];
type RequestFields<A extends Action> = Omit<Extract<ManageRequest, { action: A }>, "action">;
type Answer = RunAnswer | QueueAnswer | ScheduleAnswer | ModelAnswer;

const actions: { readonly [A in Action]: (engine: Engine, fields: RequestFields<A>) => Promise<Answer> } = {
  ...runActions,
  ...queueActions,
  ...scheduleActions,
  ...modelActions,
};

function doAction<A extends Action>(engine: Engine, action: A, fields: RequestFields<A>): Promise<Answer> {
  const act: (engine: Engine, fields: RequestFields<A>) => Promise<Answer> = actions[action];
  return act(engine, fields);
}

/**
 * Does what an operator requests.
 *
 * @throws RequestError if the request has another form, and the errors of the action; nothing was done then
 */
export async function manage(engine: Engine, request: unknown): Promise<Answer> {
  const { action, ...fields } = parseRequest(manageRequest, request);
  return doAction(engine, action, fields);
}
