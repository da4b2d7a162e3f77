import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { startByHand } from "../shared/operate/start-by-hand.ts";

/** Starts a run: `{ "pipeline", "params"?, "scheduledAt"?, "key"?, "name"? }`. */
export const handler = invokedHandler((event) => startByHand(engine, event));
