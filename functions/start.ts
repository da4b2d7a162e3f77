import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { startByHand } from "../shared/run/start-by-hand.ts";

/** Starts a run: `{ "pipeline", "params"?, "scheduledAt"?, "key"?, "name"? }`. */
export const handler = invokedHandler((event) => startByHand(engine, event));
