import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { manage } from "../shared/run/manage.ts";

/** Operates runs and schedules: `{ "action": "cancel", "runId" }` and the others in shared/run/manage.ts. */
export const handler = invokedHandler((event) => manage(engine, event));
