import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { manage } from "../shared/operate/manage.ts";

/** Handles operators' requests: `{ "action": "cancel", "runId" }` and the others that events/manage-*.json show. */
export const handler = invokedHandler((event) => manage(engine, event));
