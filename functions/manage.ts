import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { manage } from "../shared/operate/manage.ts";

/** Operates runs and schedules: `{ "action": "cancel", "runId" }` and the others in shared/operate/manage.ts. */
export const handler = invokedHandler((event) => manage(engine, event));
